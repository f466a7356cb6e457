"""What Alembic runs: the migrations, in the transaction that `data.database.migrate` opened."""

from alembic import context

from data.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=connection.dialect.name == "sqlite")
context.run_migrations()
