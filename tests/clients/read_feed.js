// Prints the sessions that a reader finds in the feeds at some addresses, as JSON: node read_feed.js ical.js|node-ical ADDRESS...

const READERS = {
  "ical.js": async (address) => {
    const { default: ICAL } = await import("ical.js");
    const calendar = new ICAL.Component(ICAL.parse(await (await fetch(address)).text()));
    return calendar.getAllSubcomponents("vevent").map((component) => {
      const event = new ICAL.Event(component);
      return {
        method: calendar.getFirstPropertyValue("method"),
        organizer: event.organizer ?? "",
        attendees: event.attendees.map((attendee) => attendee.getFirstValue()),
        uid: event.uid,
        starts_at: event.startDate.toJSDate(),
        ends_at: event.endDate.toJSDate(),
        sequence: event.sequence,
        cancelled: component.getFirstPropertyValue("status") === "CANCELLED",
        title: event.summary,
        description: event.description,
        link: event.location,
      };
    });
  },
  "node-ical": async (address) => {
    const { default: ical } = await import("node-ical");
    const parts = Object.values(await ical.async.fromURL(address));
    return parts.filter((part) => part.type === "VEVENT").map((event) => ({
      method: event.method,
      organizer: event.organizer?.val ?? event.organizer ?? "",
      attendees: [event.attendee ?? []].flat().map((attendee) => attendee.val ?? attendee),
      uid: event.uid,
      starts_at: event.start,
      ends_at: event.end,
      sequence: Number(event.sequence),
      cancelled: event.status === "CANCELLED",
      title: event.summary,
      description: event.description,
      link: event.location,
    }));
  },
};

const [reader, ...addresses] = process.argv.slice(2);
console.log(JSON.stringify(await Promise.all(addresses.map(READERS[reader]))));
