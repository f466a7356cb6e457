// The guide by openapi-fetch, with the types that openapi-typescript makes of the document: `node guide.js URL ID SECRET` prints its answers
// as JSON.

import createClient from "openapi-fetch";
import type { components, paths } from "./dure.js";

declare const process: { argv: string[] };

type Model<Name extends keyof components["schemas"]> = components["schemas"][Name];

const [url, clientId, secret] = process.argv.slice(2) as [string, string, string];
const program = "ext:okcheon";
const term = "ext:2027-spring";
const round = "ext:2027-spring:1";
const run = "ext:2027-spring:1.1";

const whatTheTermIs: Model<"TermIn"> = {
  name: "2027년 봄학기",
  zone: "Asia/Seoul",
  country: "KR",
  first_on: "2027-03-02",
  last_on: "2027-06-18",
  policy: { group: { max_size: 3, session_minutes: 60 } },
};
const mentors: Model<"MentorLine">[] = [
  {
    external_id: "m-01",
    name: "김하늘",
    email: "haneul@example.org",
    availability: "Tue 18:00-21:00; Thu 18:00-20:00",
    subjects: [{ subject: "math", lowest_grade: 7, highest_grade: 10 }],
  },
  {
    external_id: "m-02",
    name: "박준서",
    email: "junseo@example.org",
    availability: "Wed 18:00-21:00",
    subjects: [{ subject: "english", lowest_grade: 7, highest_grade: 12 }],
  },
];
const mentees: Model<"MenteeLine">[] = [
  { external_id: "s-01", name: "이서연", grade: 9, requests: [{ subject: "math", priority: 3 }], availability: "Tue 18:00-22:00" },
  { external_id: "s-02", name: "최도윤", grade: 9, requests: [{ subject: "math" }], availability: "Tue 19:00-22:00; Wed 18:00-22:00" },
  { external_id: "s-03", name: "정하은", grade: 10, requests: [{ subject: "english" }], availability: "Wed 19:00-21:00" },
];
const phone: Model<"SubscriptionIn"> = { audience: "mentor", owner: "ext:m-01", name: "phone", alarm_minutes: [60] };

/** What is answered, where that is no problem. */
function expected<Data>(answer: { data?: Data; error?: unknown; response: Response }): Data {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

/** A key of one's own for a call that may be repeated. */
const key = (text: string) => ({ "Idempotency-Key": text });

const dure = createClient<paths, "application/json">({ baseUrl: url });
const shown = { grant_type: "client_credentials", client_id: clientId, client_secret: secret };
const form = { "Content-Type": "application/x-www-form-urlencoded" };
const token = expected(await dure.POST("/v1/tokens", { body: shown, headers: form }));
dure.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token.access_token}`);
  },
});

async function ended(): Promise<Model<"RunOut">> {
  for (;;) {
    const found = expected(await dure.GET("/v1/runs/{run}", { params: { path: { run } } }));
    if (found.state === "done" || found.state === "failed") {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const answers = [
  token,
  expected(await dure.PUT("/v1/programs/{program}/terms/{term}", { params: { path: { program, term } }, body: whatTheTermIs })),
  expected(await dure.PUT("/v1/terms/{term}/mentors", { params: { path: { term } }, body: mentors })),
  expected(await dure.PUT("/v1/terms/{term}/mentees", { params: { path: { term } }, body: mentees })),
  expected(await dure.POST("/v1/terms/{term}/rounds", { params: { path: { term }, header: key("round-1") } })),
  expected(await dure.POST("/v1/rounds/{round}/close", { params: { path: { round }, header: key("close-1") } })),
  expected(await dure.POST("/v1/rounds/{round}/runs", { params: { path: { round }, header: key("run-1") }, body: { seed: 1, workers: 2 } })),
  await ended(),
  expected(await dure.POST("/v1/runs/{run}/publish", { params: { path: { run }, header: key("publish-1") } })),
  expected(await dure.POST("/v1/programs/{program}/subscriptions", { params: { path: { program }, header: key("feed-m-01") }, body: phone })),
];
console.log(JSON.stringify(answers));
