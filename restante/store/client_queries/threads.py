"""What `store/client_threads.py` asks: SQL as it is, since LIMIT stands inside the recursion.

UNION drops what was met before, so a circle of quotes ends. CROSS JOIN has SQLite walk from quote
to quote: else it goes through the whole conversation for each.
"""

from __future__ import annotations

from sqlalchemy import text

from restante.store.client_queries.compiling import Query

_DOWN = """
WITH RECURSIVE down (id, order_key) AS (
    SELECT :root, x''
    UNION
    SELECT substr(messages.order_key, 9), messages.order_key FROM down
    CROSS JOIN messages ON messages.quote_id = down.id
    AND messages.conversation = (SELECT number FROM conversations WHERE "key" = :conversation)
    LIMIT :most
)
"""
UP = Query(
    text(
        """
WITH RECURSIVE up (id) AS (
    SELECT :id
    UNION
    SELECT messages.quote_id FROM up CROSS JOIN messages ON messages.id = up.id
    AND messages.conversation = (SELECT number FROM conversations WHERE "key" = :conversation)
    WHERE messages.quote_id IS NOT NULL
    LIMIT :most
)
SELECT up.id FROM up
"""
    )
)
COUNT = Query(text(f"{_DOWN} SELECT count(*) FROM down WHERE down.id <> :root"))  # noqa: S608  # ours
ANSWERS = Query(
    text(f"{_DOWN} SELECT down.id FROM down WHERE down.id <> :root ORDER BY order_key")  # noqa: S608
)
