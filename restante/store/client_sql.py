"""The statements that the client runs, by name. Written by a program, and not by hand.

From the expressions in `client_queries`: python -m tests.store.test_client_sql. Here so that none
of them is built, and SQLAlchemy is not imported, whenever a command starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SQL: Final[Mapping[str, tuple[str, tuple[str, ...], Mapping[str, Any]]]] = {
    "account.DELETE_VALUE": (
        'DELETE FROM settings WHERE settings."key" = ?',
        ("key",),
        {},
    ),
    "account.GET_VALUE": (
        'SELECT settings.value FROM settings WHERE settings."key" = ?',
        ("key",),
        {},
    ),
    "account.LOAD_ACCOUNT": (
        (
            "SELECT account.address, account.root_secret, account.account_secret, "
            "account.device_secret, account.identity_secret, account.generation, "
            "account.created_at_s FROM account"
        ),
        (),
        {},
    ),
    "account.MARK_PUBLISHED": (
        "UPDATE codes SET is_published=? WHERE codes.lookup_id = ?",
        ("is_published", "which"),
        {},
    ),
    "account.OWN_CODE": (
        (
            "SELECT codes.secret, codes.lookup_id, codes.bucket, codes.is_published, "
            "codes.created_at_s FROM codes WHERE codes.number = (SELECT max(codes.number) AS "
            "max_1 FROM codes)"
        ),
        (),
        {},
    ),
    "account.SAVE_ACCOUNT": (
        (
            "INSERT INTO account (number, address, root_secret, account_secret, device_secret, "
            "identity_secret, generation, created_at_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON "
            "CONFLICT (number) DO UPDATE SET address = excluded.address, root_secret = "
            "excluded.root_secret, account_secret = excluded.account_secret, device_secret = "
            "excluded.device_secret, identity_secret = excluded.identity_secret, generation = "
            "excluded.generation, created_at_s = excluded.created_at_s"
        ),
        (
            "number",
            "address",
            "root_secret",
            "account_secret",
            "device_secret",
            "identity_secret",
            "generation",
            "created_at_s",
        ),
        {},
    ),
    "account.SAVE_CODE": (
        (
            "INSERT INTO codes (secret, lookup_id, bucket, is_published, created_at_s) VALUES (?,"
            " ?, ?, ?, ?)"
        ),
        ("secret", "lookup_id", "bucket", "is_published", "created_at_s"),
        {},
    ),
    "account.SAVE_TOKEN": (
        (
            "INSERT INTO tokens (token, bucket, is_live) VALUES (?, ?, ?) ON CONFLICT (token) DO "
            "UPDATE SET bucket = excluded.bucket, is_live = excluded.is_live"
        ),
        ("token", "bucket", "is_live"),
        {},
    ),
    "account.SET_VALUE": (
        (
            'INSERT INTO settings ("key", value) VALUES (?, ?) ON CONFLICT ("key") DO UPDATE SET '
            "value = excluded.value"
        ),
        ("key", "value"),
        {},
    ),
    "account.TOKENS": (
        (
            "SELECT tokens.bucket, tokens.token, tokens.is_live FROM tokens ORDER BY "
            "tokens.bucket, tokens.is_live DESC"
        ),
        (),
        {},
    ),
    "aside.ALL": (
        (
            "SELECT aside.envelope_id, aside.lane, aside.payload, aside.arrived_ms FROM aside "
            "ORDER BY aside.number"
        ),
        (),
        {},
    ),
    "aside.BY_TAG": (
        (
            "SELECT aside.envelope_id, aside.lane, aside.payload, aside.arrived_ms FROM aside "
            "WHERE aside.tag = ? ORDER BY aside.number"
        ),
        ("tag",),
        {},
    ),
    "aside.OLDEST": (
        (
            "SELECT aside.envelope_id, length(aside.payload) AS length_1 FROM aside ORDER BY "
            "aside.number"
        ),
        (),
        {},
    ),
    "aside.PUT": (
        (
            "INSERT INTO aside (envelope_id, tag, lane, arrived_ms, payload) VALUES (?, ?, ?, ?, "
            "?) ON CONFLICT DO NOTHING"
        ),
        ("envelope_id", "tag", "lane", "arrived_ms", "payload"),
        {},
    ),
    "aside.REMOVE": (
        "DELETE FROM aside WHERE aside.envelope_id = ?",
        ("envelope_id",),
        {},
    ),
    "aside.TOTALS": (
        (
            "SELECT count(*) AS count_1, coalesce(sum(length(aside.payload)), ?) AS coalesce_1 "
            "FROM aside"
        ),
        ("coalesce_2",),
        {"coalesce_2": 0},
    ),
    "backup_rows.COUNT": (
        "SELECT sum(conversations.message_count) AS sum_1 FROM conversations",
        (),
        {},
    ),
    "backup_rows.DISAPPEARING": (
        (
            "SELECT count(*) AS count_1 FROM messages WHERE messages.timer_s != ? OR "
            "messages.gone_at_ms IS NOT NULL"
        ),
        ("timer_s_1",),
        {"timer_s_1": 0},
    ),
    "backup_rows.FILES": (
        (
            "SELECT files.message_id, files.place, files.stored_bytes FROM files JOIN messages ON"
            " messages.id = files.message_id WHERE files.stored_bytes > ? AND messages.kind = ? "
            "AND messages.timer_s = ? AND messages.gone_at_ms IS NULL ORDER BY files.message_id"
        ),
        ("stored_bytes_1", "kind_1", "timer_s_1"),
        {"stored_bytes_1": 0, "kind_1": "file", "timer_s_1": 0},
    ),
    "backup_rows.KEYS": (
        (
            'SELECT conversations.number, conversations."key" FROM conversations ORDER BY '
            'conversations."key"'
        ),
        (),
        {},
    ),
    "backup_rows.MANIFESTS": (
        (
            "SELECT group_manifests.manifest FROM group_manifests WHERE EXISTS (SELECT "
            "group_entries.number FROM group_entries JOIN group_states ON group_entries.group_id "
            "= group_states.group_id WHERE group_entries.manifest_hash = group_manifests.hash AND"
            " group_states.state != ?) ORDER BY group_manifests.hash"
        ),
        ("state_1",),
        {"state_1": "partial"},
    ),
    "backup_rows.MARKS": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body FROM marks JOIN conversations ON "
            "marks.conversation = conversations.number WHERE marks.gone_at_ms IS NULL AND "
            "marks.kind <= ? AND (EXISTS (SELECT others.id FROM messages AS others WHERE "
            "others.id = marks.target AND others.timer_s = ? AND others.gone_at_ms IS NULL)) "
            "ORDER BY marks.id"
        ),
        ("kind_1", "timer_s_1"),
        {"kind_1": 99, "timer_s_1": 0},
    ),
    "backup_rows.MEMBERS": (
        (
            "SELECT contacts.manifest, contacts.token FROM contacts WHERE contacts.state = ? AND "
            "contacts.manifest IS NOT NULL ORDER BY contacts.account_id"
        ),
        ("state_1",),
        {"state_1": "member"},
    ),
    "backup_rows.OF": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, EXISTS (SELECT others.id FROM messages AS "
            "others WHERE others.id = messages.quote_id AND others.timer_s = ? AND "
            "others.gone_at_ms IS NULL) AS quotes_what_stays FROM messages JOIN conversations ON "
            "messages.conversation = conversations.number WHERE messages.conversation = ? AND "
            "messages.timer_s = ? AND messages.gone_at_ms IS NULL ORDER BY messages.order_key"
        ),
        ("timer_s_1", "conversation", "timer_s_2"),
        {"timer_s_1": 0, "timer_s_2": 0},
    ),
    "backup_rows.RECORDS": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records ORDER BY records.kind, records."key"'
        ),
        (),
        {},
    ),
    "backups.ADD": (
        (
            "INSERT OR REPLACE INTO backups (number, id, path, made_at_ms, messages, size_bytes, "
            "is_scheduled) VALUES (?, ?, ?, ?, ?, ?, ?)"
        ),
        ("number", "id", "path", "made_at_ms", "messages", "size_bytes", "is_scheduled"),
        {},
    ),
    "backups.ALL": (
        (
            "SELECT backups.number, backups.id, backups.path, backups.made_at_ms, "
            "backups.messages, backups.size_bytes, backups.is_scheduled FROM backups ORDER BY "
            "backups.number DESC"
        ),
        (),
        {},
    ),
    "backups.FORGET": (
        "DELETE FROM backups WHERE backups.number = ?",
        ("which",),
        {},
    ),
    "calls.COUNT_UNREAD": (
        (
            "SELECT count(*) AS count_1 FROM (SELECT 1 FROM messages WHERE messages.conversation "
            '= (SELECT conversations.number FROM conversations WHERE conversations."key" = ?) AND'
            " messages.calls > 0 AND messages.received_at_ms IS NOT NULL AND messages.state = "
            "'delivered' LIMIT ? OFFSET ?) AS some"
        ),
        ("key", "limit", "param_1"),
        {"param_1": 0},
    ),
    "calls.NUMBER": (
        "SELECT messages.number FROM messages WHERE messages.id = ?",
        ("id",),
        {},
    ),
    "calls.READ": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.calls > 0 AND messages.state <> 'delivered' AND messages.order_key < ? AND "
            "messages.conversation NOT IN ( SELECT conversations.number FROM contacts JOIN "
            'conversations ON conversations."key" = contacts.account_id WHERE contacts.state IN '
            "('request', 'blocked') ) AND messages.conversation NOT IN ( SELECT "
            'conversations.number FROM group_states JOIN conversations ON conversations."key" = '
            "group_states.group_id WHERE group_states.state IN ('request', 'partial') ) ORDER BY "
            "messages.order_key DESC LIMIT ? OFFSET ?"
        ),
        ("past", "limit", "param_1"),
        {"param_1": 0},
    ),
    "calls.UNLOOKED": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.number > ? AND messages.received_at_ms IS NOT NULL AND instr(messages.text,"
            " '@') AND messages.kind = ? ORDER BY messages.number LIMIT ? OFFSET ?"
        ),
        ("past", "kind_1", "limit", "param_1"),
        {"kind_1": "text", "param_1": 0},
    ),
    "calls.UNREAD": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.calls > 0 AND messages.received_at_ms IS NOT NULL AND messages.state = "
            "'delivered' AND messages.order_key < ? AND messages.conversation NOT IN ( SELECT "
            'conversations.number FROM contacts JOIN conversations ON conversations."key" = '
            "contacts.account_id WHERE contacts.state IN ('request', 'blocked') ) AND "
            "messages.conversation NOT IN ( SELECT conversations.number FROM group_states JOIN "
            'conversations ON conversations."key" = group_states.group_id WHERE '
            "group_states.state IN ('request', 'partial') ) ORDER BY messages.order_key DESC "
            "LIMIT ? OFFSET ?"
        ),
        ("past", "limit", "param_1"),
        {"param_1": 0},
    ),
    "consumers.ALL": (
        (
            "SELECT consumers.name, consumers.cursor, (SELECT count(*) AS count_1 FROM feed WHERE"
            " feed.cursor > consumers.cursor) AS anon_1 FROM consumers ORDER BY consumers.name"
        ),
        (),
        {},
    ),
    "consumers.BURY": (
        (
            "INSERT INTO dead_letters (consumer, cursor, error, died_at_ms) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (consumer, cursor) DO UPDATE SET error = excluded.error, died_at_ms = "
            "excluded.died_at_ms"
        ),
        ("consumer", "cursor", "error", "died_at_ms"),
        {},
    ),
    "consumers.CURSOR": (
        "SELECT consumers.cursor FROM consumers WHERE consumers.name = ?",
        ("name",),
        {},
    ),
    "consumers.DEAD": (
        (
            "SELECT dead_letters.consumer, dead_letters.cursor, dead_letters.error, "
            "dead_letters.died_at_ms FROM dead_letters JOIN feed ON feed.cursor = "
            "dead_letters.cursor ORDER BY dead_letters.consumer, dead_letters.cursor"
        ),
        (),
        {},
    ),
    "consumers.FORGET": (
        "DELETE FROM consumers WHERE consumers.name = ?",
        ("name",),
        {},
    ),
    "consumers.FORGET_DEAD": (
        "DELETE FROM dead_letters WHERE dead_letters.consumer = ?",
        ("name",),
        {},
    ),
    "consumers.FORGET_ERASED": (
        (
            "DELETE FROM dead_letters WHERE (dead_letters.cursor NOT IN (SELECT feed.cursor FROM "
            "feed))"
        ),
        (),
        {},
    ),
    "consumers.MOVE": (
        (
            "INSERT INTO consumers (name, cursor) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
            "cursor = max(consumers.cursor, excluded.cursor)"
        ),
        ("name", "cursor"),
        {},
    ),
    "consumers.RAISE": (
        "DELETE FROM dead_letters WHERE dead_letters.consumer = ? AND dead_letters.cursor = ?",
        ("name", "at"),
        {},
    ),
    "contacts.ALL": (
        (
            "SELECT contacts.account_id, contacts.address, contacts.root_key, contacts.petname, "
            "contacts.state, contacts.trust, contacts.token, contacts.token_given, "
            "contacts.manifest, contacts.manifest_hash, contacts.manifest_sequence, "
            "contacts.generation, contacts.is_stale, contacts.created_at_s FROM contacts ORDER BY"
            " coalesce(contacts.petname_folded, contacts.address), contacts.address"
        ),
        (),
        {},
    ),
    "contacts.BY_ADDRESS": (
        (
            "SELECT contacts.account_id, contacts.address, contacts.root_key, contacts.petname, "
            "contacts.state, contacts.trust, contacts.token, contacts.token_given, "
            "contacts.manifest, contacts.manifest_hash, contacts.manifest_sequence, "
            "contacts.generation, contacts.is_stale, contacts.created_at_s FROM contacts WHERE "
            "contacts.address = ? ORDER BY contacts.created_at_s DESC, contacts.account_id"
        ),
        ("address",),
        {},
    ),
    "contacts.BY_ID": (
        (
            "SELECT contacts.account_id, contacts.address, contacts.root_key, contacts.petname, "
            "contacts.state, contacts.trust, contacts.token, contacts.token_given, "
            "contacts.manifest, contacts.manifest_hash, contacts.manifest_sequence, "
            "contacts.generation, contacts.is_stale, contacts.created_at_s FROM contacts WHERE "
            "contacts.account_id = ?"
        ),
        ("account_id",),
        {},
    ),
    "contacts.BY_PETNAME": (
        (
            "SELECT contacts.account_id, contacts.address, contacts.root_key, contacts.petname, "
            "contacts.state, contacts.trust, contacts.token, contacts.token_given, "
            "contacts.manifest, contacts.manifest_hash, contacts.manifest_sequence, "
            "contacts.generation, contacts.is_stale, contacts.created_at_s FROM contacts WHERE "
            "contacts.petname_folded = ?"
        ),
        ("folded",),
        {},
    ),
    "contacts.BY_PREFIX": (
        (
            "SELECT contacts.account_id, contacts.address, contacts.root_key, contacts.petname, "
            "contacts.state, contacts.trust, contacts.token, contacts.token_given, "
            "contacts.manifest, contacts.manifest_hash, contacts.manifest_sequence, "
            "contacts.generation, contacts.is_stale, contacts.created_at_s FROM contacts WHERE "
            "substr(contacts.petname_folded, ?, length(?)) = ? OR substr(contacts.address, ?, "
            "length(?)) = ? ORDER BY contacts.address"
        ),
        ("substr_1", "folded", "folded", "substr_2", "folded", "folded"),
        {"substr_1": 1, "substr_2": 1},
    ),
    "contacts.DELETE": (
        "DELETE FROM contacts WHERE contacts.account_id = ?",
        ("account_id",),
        {},
    ),
    "contacts.UPSERT": (
        (
            "INSERT INTO contacts (account_id, address, root_key, petname, petname_folded, state,"
            " trust, token, token_given, manifest_hash, manifest_sequence, generation, is_stale, "
            "created_at_s, manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
            "CONFLICT (account_id) DO UPDATE SET account_id = excluded.account_id, address = "
            "excluded.address, root_key = excluded.root_key, petname = excluded.petname, "
            "petname_folded = excluded.petname_folded, state = excluded.state, trust = "
            "excluded.trust, token = excluded.token, token_given = excluded.token_given, "
            "manifest_hash = excluded.manifest_hash, manifest_sequence = "
            "excluded.manifest_sequence, generation = excluded.generation, is_stale = "
            "excluded.is_stale, created_at_s = excluded.created_at_s, manifest = "
            "excluded.manifest"
        ),
        (
            "account_id",
            "address",
            "root_key",
            "petname",
            "petname_folded",
            "state",
            "trust",
            "token",
            "token_given",
            "manifest_hash",
            "manifest_sequence",
            "generation",
            "is_stale",
            "created_at_s",
            "manifest",
        ),
        {},
    ),
    "conversations.ADD_GAP": (
        (
            "INSERT INTO gaps (conversation, device_id, counter) VALUES (?, ?, ?) ON CONFLICT DO "
            "NOTHING"
        ),
        ("conversation", "device_id", "counter"),
        {},
    ),
    "conversations.CLOCK": (
        'SELECT conversations.clock FROM conversations WHERE conversations."key" = ?',
        ("key",),
        {},
    ),
    "conversations.COUNT_UP": (
        (
            "UPDATE conversations SET own_counter=(conversations.own_counter + ?) WHERE "
            "conversations.number = ? RETURNING own_counter"
        ),
        ("own_counter_1", "which"),
        {"own_counter_1": 1},
    ),
    "conversations.CREATE": (
        (
            'INSERT INTO conversations ("key", message_count, unread_count, own_counter, clock) '
            "VALUES (?, ?, ?, ?, ?)"
        ),
        ("key", "message_count", "unread_count", "own_counter", "clock"),
        {},
    ),
    "conversations.FILL_GAP": (
        "DELETE FROM gaps WHERE gaps.conversation = ? AND gaps.device_id = ? AND gaps.counter = ?",
        ("in_conversation", "of_device", "at_counter"),
        {},
    ),
    "conversations.GAPS": (
        (
            "SELECT gaps.device_id, gaps.counter FROM gaps WHERE gaps.conversation = ? ORDER BY "
            "gaps.device_id, gaps.counter"
        ),
        ("conversation",),
        {},
    ),
    "conversations.HIGHEST": (
        (
            "SELECT counters.highest FROM counters WHERE counters.conversation = ? AND "
            "counters.device_id = ?"
        ),
        ("conversation", "device_id"),
        {},
    ),
    "conversations.IS_GAP": (
        (
            "SELECT gaps.counter FROM gaps WHERE gaps.conversation = ? AND gaps.device_id = ? AND"
            " gaps.counter = ?"
        ),
        ("in_conversation", "of_device", "at_counter"),
        {},
    ),
    "conversations.NUMBER": (
        'SELECT conversations.number FROM conversations WHERE conversations."key" = ?',
        ("key",),
        {},
    ),
    "conversations.OWN_COUNTER": (
        'SELECT conversations.own_counter FROM conversations WHERE conversations."key" = ?',
        ("key",),
        {},
    ),
    "conversations.SET_CLOCK": (
        "UPDATE conversations SET clock=? WHERE conversations.number = ?",
        ("clock", "which"),
        {},
    ),
    "conversations.SET_HIGHEST": (
        (
            "INSERT INTO counters (conversation, device_id, highest) VALUES (?, ?, ?) ON CONFLICT"
            " (conversation, device_id) DO UPDATE SET highest = excluded.highest"
        ),
        ("conversation", "device_id", "highest"),
        {},
    ),
    "fan_outs.FORGET": (
        "DELETE FROM fan_out_readers WHERE fan_out_readers.entry_id = ?",
        ("which",),
        {},
    ),
    "fan_outs.KEEP": (
        "INSERT INTO fan_out_readers (entry_id, devices) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ("entry_id", "devices"),
        {},
    ),
    "fan_outs.OF": (
        "SELECT fan_out_readers.devices FROM fan_out_readers WHERE fan_out_readers.entry_id = ?",
        ("which",),
        {},
    ),
    "feed.AFTER": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number, feed.cursor, "
            "feed.type, feed.at_ms, feed.detail FROM messages JOIN conversations ON "
            "messages.conversation = conversations.number JOIN feed ON feed.message = "
            "messages.number WHERE feed.cursor > ? AND feed.at_ms >= ? ORDER BY feed.cursor LIMIT"
            " ? OFFSET ?"
        ),
        ("after", "since_ms", "limit", "param_1"),
        {"param_1": 0},
    ),
    "feed.AFTER_OF": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number, feed.cursor, "
            "feed.type, feed.at_ms, feed.detail FROM messages JOIN conversations ON "
            "messages.conversation = conversations.number JOIN feed ON feed.message = "
            "messages.number WHERE feed.cursor > ? AND feed.at_ms >= ? AND messages.conversation "
            '= (SELECT conversations.number FROM conversations WHERE conversations."key" = ?) '
            "ORDER BY feed.cursor LIMIT ? OFFSET ?"
        ),
        ("after", "since_ms", "conversation", "limit", "param_1"),
        {"param_1": 0},
    ),
    "feed.APPEND": (
        (
            "INSERT INTO feed (type, message, at_ms, detail) VALUES (?, (SELECT messages.number "
            "FROM messages WHERE messages.id = ?), ?, ?) RETURNING cursor"
        ),
        ("of_type", "message_id", "when_ms", "with_detail"),
        {},
    ),
    "feed.AT": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number, feed.cursor, "
            "feed.type, feed.at_ms, feed.detail FROM messages JOIN conversations ON "
            "messages.conversation = conversations.number JOIN feed ON feed.message = "
            "messages.number WHERE feed.cursor = ?"
        ),
        ("at",),
        {},
    ),
    "feed.OF": (
        (
            "SELECT feed.cursor, feed.type, feed.at_ms, feed.detail FROM feed JOIN messages ON "
            "feed.message = messages.number WHERE messages.id = ? ORDER BY feed.cursor"
        ),
        ("id",),
        {},
    ),
    "feed.PUT_BACK": (
        (
            "INSERT INTO feed (cursor, type, message, at_ms, detail) VALUES (?, ?, (SELECT "
            "messages.number FROM messages WHERE messages.id = ?), ?, ?)"
        ),
        ("at_cursor", "of_type", "message_id", "when_ms", "with_detail"),
        {},
    ),
    "files.COUNT": (
        "SELECT count(*) AS count_1 FROM files WHERE files.state = ?",
        ("state",),
        {},
    ),
    "files.FORGET": (
        "DELETE FROM files WHERE files.message_id = ?",
        ("which",),
        {},
    ),
    "files.IN_STATE": (
        (
            "SELECT files.message_id, files.place, files.state, files.blob, files.stored_bytes, "
            "files.attempts, files.error FROM files WHERE files.state = ? ORDER BY "
            "files.message_id"
        ),
        ("state",),
        {},
    ),
    "files.MOVE_ON": (
        (
            "UPDATE files SET state=?, stored_bytes=?, attempts=?, error=? WHERE files.message_id"
            " = ? AND files.state = ?"
        ),
        ("state", "stored_bytes", "attempts", "error", "which", "before"),
        {},
    ),
    "files.OF_ALL": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.kind = 'file' ORDER BY messages.order_key DESC LIMIT ? OFFSET ?"
        ),
        ("limit", "skipped"),
        {},
    ),
    "files.OF_CONVERSATION": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.kind = 'file' AND conversations.\"key\" = ? ORDER BY messages.order_key DESC "
            "LIMIT ? OFFSET ?"
        ),
        ("key", "limit", "skipped"),
        {},
    ),
    "files.OF_MESSAGES": (
        (
            "SELECT files.message_id, files.place, files.state, files.blob, files.stored_bytes, "
            "files.attempts, files.error FROM files JOIN messages ON messages.id = "
            "files.message_id WHERE files.state = ? AND files.blob IS NOT NULL AND messages.state"
            " = ?"
        ),
        ("state", "message_state"),
        {},
    ),
    "files.ONE": (
        (
            "SELECT files.message_id, files.place, files.state, files.blob, files.stored_bytes, "
            "files.attempts, files.error FROM files WHERE files.message_id = ?"
        ),
        ("which",),
        {},
    ),
    "files.PLACES": (
        "SELECT files.place FROM files",
        (),
        {},
    ),
    "files.SAVE": (
        (
            "INSERT INTO files (message_id, place, state, blob, stored_bytes, attempts, error) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET message_id = "
            "excluded.message_id, place = excluded.place, state = excluded.state, blob = "
            "excluded.blob, stored_bytes = excluded.stored_bytes, attempts = excluded.attempts, "
            "error = excluded.error"
        ),
        ("message_id", "place", "state", "blob", "stored_bytes", "attempts", "error"),
        {},
    ),
    "files.SHARING": (
        (
            "SELECT count(*) AS count_1 FROM files WHERE files.blob = ? AND files.message_id != ?"
            " AND files.state != ? AND files.state != ?"
        ),
        ("blob", "which", "state_1", "state_2"),
        {"state_1": "removed", "state_2": "erased"},
    ),
    "files.USE": (
        (
            'SELECT conversations."key", count(*) AS count_1, sum(files.stored_bytes) AS sum_1 '
            "FROM files JOIN messages ON messages.id = files.message_id JOIN conversations ON "
            "conversations.number = messages.conversation WHERE files.stored_bytes > ? GROUP BY "
            'conversations."key" ORDER BY sum(files.stored_bytes) DESC'
        ),
        ("stored_bytes_1",),
        {"stored_bytes_1": 0},
    ),
    "group_invites.COUNT_JOINS": (
        "SELECT count(*) AS count_1 FROM group_joins WHERE group_joins.group_id = ?",
        ("group_id",),
        {},
    ),
    "group_invites.DROP_JOIN": (
        "DELETE FROM group_joins WHERE group_joins.group_id = ? AND group_joins.account_id = ?",
        ("group", "account"),
        {},
    ),
    "group_invites.DUE": (
        (
            "SELECT group_joins.group_id, group_joins.account_id, group_joins.link_id, "
            "group_joins.asked_ms, group_joins.due_ms FROM group_joins WHERE group_joins.due_ms "
            "<= ? ORDER BY group_joins.asked_ms, group_joins.account_id LIMIT ? OFFSET ?"
        ),
        ("now_ms", "most", "param_1"),
        {"param_1": 0},
    ),
    "group_invites.JOINS": (
        (
            "SELECT group_joins.group_id, group_joins.account_id, group_joins.link_id, "
            "group_joins.asked_ms, group_joins.due_ms FROM group_joins WHERE group_joins.group_id"
            " = ? ORDER BY group_joins.asked_ms, group_joins.account_id"
        ),
        ("group_id",),
        {},
    ),
    "group_invites.LINKS": (
        (
            "SELECT group_links.link_id, group_links.group_id, group_links.maker, "
            "group_links.expires_at_s, group_links.uses, group_links.used, "
            "group_links.needs_approval, group_links.is_live FROM group_links WHERE "
            "group_links.group_id = ? ORDER BY group_links.link_id"
        ),
        ("group_id",),
        {},
    ),
    "group_invites.LINKS_OF_ID": (
        (
            "SELECT group_links.link_id, group_links.group_id, group_links.maker, "
            "group_links.expires_at_s, group_links.uses, group_links.used, "
            "group_links.needs_approval, group_links.is_live FROM group_links WHERE "
            "group_links.link_id = ? ORDER BY group_links.group_id"
        ),
        ("link_id",),
        {},
    ),
    "group_invites.NEXT_DUE": (
        "SELECT min(group_joins.due_ms) AS min_1 FROM group_joins",
        (),
        {},
    ),
    "group_invites.ONE_JOIN": (
        (
            "SELECT group_joins.group_id, group_joins.account_id, group_joins.link_id, "
            "group_joins.asked_ms, group_joins.due_ms FROM group_joins WHERE group_joins.group_id"
            " = ? AND group_joins.account_id = ?"
        ),
        ("group", "account"),
        {},
    ),
    "group_invites.PUT_JOIN": (
        (
            "INSERT INTO group_joins (group_id, account_id, link_id, asked_ms, due_ms) VALUES (?,"
            " ?, ?, ?, ?) ON CONFLICT (group_id, account_id) DO UPDATE SET group_id = "
            "excluded.group_id, account_id = excluded.account_id, link_id = excluded.link_id, "
            "asked_ms = excluded.asked_ms, due_ms = excluded.due_ms"
        ),
        ("group_id", "account_id", "link_id", "asked_ms", "due_ms"),
        {},
    ),
    "group_invites.PUT_LINK": (
        (
            "INSERT INTO group_links (link_id, group_id, maker, expires_at_s, uses, used, "
            "needs_approval, is_live) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (link_id, "
            "group_id) DO UPDATE SET link_id = excluded.link_id, group_id = excluded.group_id, "
            "maker = excluded.maker, expires_at_s = excluded.expires_at_s, uses = excluded.uses, "
            "used = excluded.used, needs_approval = excluded.needs_approval, is_live = "
            "excluded.is_live"
        ),
        (
            "link_id",
            "group_id",
            "maker",
            "expires_at_s",
            "uses",
            "used",
            "needs_approval",
            "is_live",
        ),
        {},
    ),
    "groups.ADD_ENTRY": (
        (
            "INSERT INTO group_entries (hash, group_id, manifest_hash, signature, body) VALUES "
            "(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        ),
        ("hash", "group_id", "manifest_hash", "signature", "body"),
        {},
    ),
    "groups.ADD_MANIFEST": (
        "INSERT INTO group_manifests (hash, manifest) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ("hash", "manifest"),
        {},
    ),
    "groups.ALL": (
        (
            "SELECT group_states.group_id, group_states.state, group_states.adder, "
            "group_states.name, group_states.description, group_states.is_space, "
            "group_states.parent, group_states.timer_s, group_states.may_post, "
            "group_states.may_mention_all, group_states.own_role, group_states.heads, "
            "group_states.begun_at_ms, group_states.picture FROM group_states ORDER BY "
            "group_states.begun_at_ms"
        ),
        (),
        {},
    ),
    "groups.COUNT_ALL_WAITING": (
        "SELECT count(*) AS count_1 FROM group_waiting",
        (),
        {},
    ),
    "groups.COUNT_APART": (
        (
            "SELECT count(*) AS count_1 FROM contacts WHERE contacts.state = ? AND NOT (EXISTS "
            "(SELECT * FROM group_members, group_states WHERE group_members.account_id = "
            "contacts.account_id AND group_states.group_id = group_members.group_id AND "
            "(group_states.state = ? OR group_states.state = ?))) AND contacts.created_at_s > ?"
        ),
        ("in_state", "state_1", "state_2", "after_s"),
        {"state_1": "joined", "state_2": "left"},
    ),
    "groups.COUNT_ENTRIES": (
        "SELECT count(*) AS count_1 FROM group_entries WHERE group_entries.group_id = ?",
        ("group_id",),
        {},
    ),
    "groups.COUNT_MEMBERS": (
        "SELECT count(*) AS count_1 FROM group_members WHERE group_members.group_id = ?",
        ("group_id",),
        {},
    ),
    "groups.COUNT_NAMED": (
        (
            "SELECT count(*) AS count_1 FROM contacts WHERE contacts.state = ? AND NOT (EXISTS "
            "(SELECT * FROM group_members, group_states WHERE group_members.account_id = "
            "contacts.account_id AND group_states.group_id = group_members.group_id AND "
            "(group_states.state = ? OR group_states.state = ?))) AND (EXISTS (SELECT * FROM "
            "group_members WHERE group_members.account_id = contacts.account_id))"
        ),
        ("in_state", "state_1", "state_2"),
        {"state_1": "joined", "state_2": "left"},
    ),
    "groups.COUNT_STATE": (
        "SELECT count(*) AS count_1 FROM group_states WHERE group_states.state = ?",
        ("state",),
        {},
    ),
    "groups.COUNT_WAITING": (
        "SELECT count(*) AS count_1 FROM group_waiting WHERE group_waiting.account_id = ?",
        ("account_id",),
        {},
    ),
    "groups.DROP_MEMBER": (
        (
            "DELETE FROM group_members WHERE group_members.group_id = ? AND "
            "group_members.account_id = ?"
        ),
        ("group", "account"),
        {},
    ),
    "groups.ENTRIES": (
        (
            "SELECT group_entries.hash, group_entries.group_id, group_entries.manifest_hash, "
            "group_entries.signature, group_entries.body FROM group_entries WHERE "
            "group_entries.group_id = ? ORDER BY group_entries.number LIMIT ? OFFSET ?"
        ),
        ("group_id", "param_1", "skip"),
        {"param_1": -1},
    ),
    "groups.ENTRY_BYTES": (
        (
            "SELECT coalesce(sum(length(group_entries.body)), ?) AS coalesce_1 FROM group_entries"
            " WHERE group_entries.group_id = ?"
        ),
        ("coalesce_2", "group_id"),
        {"coalesce_2": 0},
    ),
    "groups.ENTRY_HERE": (
        (
            "SELECT group_entries.number FROM group_entries WHERE group_entries.hash = ? AND "
            "group_entries.group_id = ?"
        ),
        ("hash", "group_id"),
        {},
    ),
    "groups.ENTRY_ONE": (
        (
            "SELECT group_entries.hash, group_entries.group_id, group_entries.manifest_hash, "
            "group_entries.signature, group_entries.body FROM group_entries WHERE "
            "group_entries.hash = ?"
        ),
        ("hash",),
        {},
    ),
    "groups.FORGET_ENTRIES": (
        "DELETE FROM group_entries WHERE group_entries.group_id = ?",
        ("which",),
        {},
    ),
    "groups.FORGET_MEMBERS": (
        "DELETE FROM group_members WHERE group_members.group_id = ?",
        ("which",),
        {},
    ),
    "groups.FORGET_STATE": (
        "DELETE FROM group_states WHERE group_states.group_id = ?",
        ("which",),
        {},
    ),
    "groups.FORGET_WAITING": (
        "DELETE FROM group_waiting WHERE group_waiting.arrived_ms < ?",
        ("before_ms",),
        {},
    ),
    "groups.GROUPS_OF": (
        (
            "SELECT group_members.group_id FROM group_members WHERE group_members.account_id = ? "
            "ORDER BY group_members.group_id"
        ),
        ("account_id",),
        {},
    ),
    "groups.HASHES": (
        (
            "SELECT group_entries.hash FROM group_entries WHERE group_entries.group_id = ? ORDER "
            "BY group_entries.number"
        ),
        ("group_id",),
        {},
    ),
    "groups.MANIFEST": (
        "SELECT group_manifests.manifest FROM group_manifests WHERE group_manifests.hash = ?",
        ("hash",),
        {},
    ),
    "groups.MEMBERS": (
        (
            "SELECT group_members.group_id, group_members.account_id, group_members.role, "
            "group_members.since_counter FROM group_members WHERE group_members.group_id = ? "
            "ORDER BY group_members.role DESC, group_members.account_id"
        ),
        ("group_id",),
        {},
    ),
    "groups.MEMBER_ONE": (
        (
            "SELECT group_members.group_id, group_members.account_id, group_members.role, "
            "group_members.since_counter FROM group_members WHERE group_members.group_id = ? AND "
            "group_members.account_id = ?"
        ),
        ("group", "account"),
        {},
    ),
    "groups.NOTE_RECEIPT": (
        (
            "INSERT INTO group_receipts (message_id, account_id, state) VALUES (?, ?, ?) ON "
            "CONFLICT (message_id, account_id) DO UPDATE SET state = excluded.state WHERE "
            "group_receipts.state != ?"
        ),
        ("message_id", "account_id", "state", "state_1"),
        {"state_1": "read"},
    ),
    "groups.OLDEST": (
        (
            "SELECT group_states.group_id FROM group_states WHERE group_states.state = ? AND "
            "group_states.begun_at_ms < ? ORDER BY group_states.begun_at_ms, "
            "group_states.group_id LIMIT ? OFFSET ?"
        ),
        ("in_state", "before_ms", "param_1", "param_2"),
        {"param_1": 1, "param_2": 0},
    ),
    "groups.ONE": (
        (
            "SELECT group_states.group_id, group_states.state, group_states.adder, "
            "group_states.name, group_states.description, group_states.is_space, "
            "group_states.parent, group_states.timer_s, group_states.may_post, "
            "group_states.may_mention_all, group_states.own_role, group_states.heads, "
            "group_states.begun_at_ms, group_states.picture FROM group_states WHERE "
            "group_states.group_id = ?"
        ),
        ("group_id",),
        {},
    ),
    "groups.PUT": (
        (
            "INSERT INTO group_states (group_id, state, adder, name, description, is_space, "
            "parent, timer_s, may_post, may_mention_all, own_role, heads, begun_at_ms, picture) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (group_id) DO UPDATE "
            "SET group_id = excluded.group_id, state = excluded.state, adder = excluded.adder, "
            "name = excluded.name, description = excluded.description, is_space = "
            "excluded.is_space, parent = excluded.parent, timer_s = excluded.timer_s, may_post = "
            "excluded.may_post, may_mention_all = excluded.may_mention_all, own_role = "
            "excluded.own_role, heads = excluded.heads, begun_at_ms = excluded.begun_at_ms, "
            "picture = excluded.picture"
        ),
        (
            "group_id",
            "state",
            "adder",
            "name",
            "description",
            "is_space",
            "parent",
            "timer_s",
            "may_post",
            "may_mention_all",
            "own_role",
            "heads",
            "begun_at_ms",
            "picture",
        ),
        {},
    ),
    "groups.PUT_MEMBER": (
        (
            "INSERT INTO group_members (group_id, account_id, role, since_counter) VALUES (?, ?, "
            "?, ?) ON CONFLICT (group_id, account_id) DO UPDATE SET role = excluded.role"
        ),
        ("group_id", "account_id", "role", "since_counter"),
        {},
    ),
    "groups.RECEIPTS": (
        (
            "SELECT group_receipts.account_id, group_receipts.state FROM group_receipts WHERE "
            "group_receipts.message_id = ?"
        ),
        ("message_id",),
        {},
    ),
    "groups.TAKE_WAITING": (
        "DELETE FROM group_waiting WHERE group_waiting.group_id = ?",
        ("which",),
        {},
    ),
    "groups.WAIT": (
        (
            "INSERT INTO group_waiting (group_id, account_id, device_id, arrived_ms, packed) "
            "VALUES (?, ?, ?, ?, ?)"
        ),
        ("group_id", "account_id", "device_id", "arrived_ms", "packed"),
        {},
    ),
    "groups.WAITING_OF": (
        (
            "SELECT group_waiting.group_id, group_waiting.account_id, group_waiting.device_id, "
            "group_waiting.arrived_ms, group_waiting.packed FROM group_waiting WHERE "
            "group_waiting.group_id = ? ORDER BY group_waiting.number"
        ),
        ("group_id",),
        {},
    ),
    "inbox.COUNT": (
        "SELECT count(*) AS count_1 FROM receipts",
        (),
        {},
    ),
    "inbox.IS_PROCESSED": (
        "SELECT processed.envelope_id FROM processed WHERE processed.envelope_id = ?",
        ("envelope_id",),
        {},
    ),
    "inbox.MARK": (
        "INSERT INTO processed (envelope_id, processed_at_s) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ("envelope_id", "processed_at_s"),
        {},
    ),
    "inbox.PRUNE": (
        "DELETE FROM processed WHERE processed.processed_at_s < ?",
        ("before_s",),
        {},
    ),
    "inbox.QUEUE": (
        (
            "INSERT INTO receipts (account_id, message_id, state) VALUES (?, ?, ?) ON CONFLICT "
            "(account_id, message_id) DO UPDATE SET state = max(receipts.state, excluded.state)"
        ),
        ("account_id", "message_id", "state"),
        {},
    ),
    "inbox.SETTLE": (
        "DELETE FROM receipts WHERE receipts.account_id = ? AND receipts.message_id = ?",
        ("account_id", "message_id"),
        {},
    ),
    "inbox.TAKE": (
        (
            "SELECT receipts.account_id, receipts.message_id, receipts.state FROM receipts ORDER "
            "BY receipts.account_id, receipts.state, receipts.message_id LIMIT ? OFFSET ?"
        ),
        ("limit", "param_1"),
        {"param_1": 0},
    ),
    "marks.ANY": (
        "SELECT marks.number FROM marks LIMIT ? OFFSET ?",
        ("param_1", "param_2"),
        {"param_1": 1, "param_2": 0},
    ),
    "marks.BY_COUNTER": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body FROM marks JOIN conversations ON "
            "marks.conversation = conversations.number WHERE marks.conversation = ? AND "
            "marks.device_id = ? AND marks.counter = ? AND marks.counter > ?"
        ),
        ("conversation", "device_id", "counter", "counter_1"),
        {"counter_1": 0},
    ),
    "marks.BY_ID": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body FROM marks JOIN conversations ON "
            "marks.conversation = conversations.number WHERE marks.id = ?"
        ),
        ("id",),
        {},
    ),
    "marks.DELETE": (
        "DELETE FROM marks WHERE marks.id = ?",
        ("which",),
        {},
    ),
    "marks.GONE": (
        "DELETE FROM marks WHERE marks.gone_at_ms <= ?",
        ("now_ms",),
        {},
    ),
    "marks.IN": (
        "SELECT count(*) AS count_1 FROM marks WHERE marks.conversation = ?",
        ("number",),
        {},
    ),
    "marks.INSERT": (
        (
            "INSERT INTO marks (id, conversation, target, kind, author, device_id, counter, rank,"
            " at_ms, gone_at_ms, value, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
            "CONFLICT (id) DO NOTHING"
        ),
        (
            "id",
            "conversation",
            "target",
            "kind",
            "author",
            "device_id",
            "counter",
            "rank",
            "at_ms",
            "gone_at_ms",
            "value",
            "body",
        ),
        {},
    ),
    "marks.OF": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body FROM marks JOIN conversations ON "
            "marks.conversation = conversations.number WHERE marks.target = ? ORDER BY "
            "marks.rank, marks.id"
        ),
        ("target",),
        {},
    ),
    "marks.OF_KIND": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body FROM marks JOIN conversations ON "
            "marks.conversation = conversations.number WHERE marks.conversation = ? AND "
            "marks.kind = ? ORDER BY marks.rank, marks.id"
        ),
        ("conversation", "kind"),
        {},
    ),
    "marks.SET_COUNTER": (
        "UPDATE marks SET counter=?, body=? WHERE marks.id = ?",
        ("counter", "body", "which"),
        {},
    ),
    "marks.STAY": (
        (
            "UPDATE marks SET gone_at_ms=? WHERE marks.target = ? AND marks.kind <= ? AND "
            "marks.gone_at_ms IS NOT NULL"
        ),
        ("gone_at_ms", "of_target", "kind_1"),
        {"gone_at_ms": None, "kind_1": 99},
    ),
    "marks.STRAY": (
        "SELECT count(*) AS count_1 FROM marks WHERE marks.author = ? AND is_stray = 1",
        ("author",),
        {},
    ),
    "messages.BY_COUNTER": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.conversation = ? AND messages.device_id = ? AND messages.counter = ? AND "
            "messages.counter > ?"
        ),
        ("conversation", "device_id", "counter", "counter_1"),
        {"counter_1": 0},
    ),
    "messages.BY_ID": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE messages.id"
            " = ?"
        ),
        ("id",),
        {},
    ),
    "messages.DELETE": (
        "DELETE FROM messages WHERE messages.id = ?",
        ("which",),
        {},
    ),
    "messages.EXPIRING": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.expires_at_ms <= ? AND messages.state = ? ORDER BY messages.expires_at_ms "
            "LIMIT ? OFFSET ?"
        ),
        ("now_ms", "state", "limit", "param_1"),
        {"param_1": 0},
    ),
    "messages.HEADS": (
        (
            "SELECT messages.id FROM messages WHERE messages.conversation = ? AND "
            "messages.counter > ? ORDER BY messages.order_key DESC LIMIT ? OFFSET ?"
        ),
        ("conversation", "counter_1", "limit", "param_1"),
        {"counter_1": 0, "param_1": 0},
    ),
    "messages.INSERT": (
        (
            "INSERT INTO messages (id, conversation, order_key, author, device_id, counter, rank,"
            " sent_at_ms, received_at_ms, kind, state, error, quote_id, quote_excerpt, "
            "expires_at_ms, timer_s, gone_at_ms, text, body, calls) VALUES (?, ?, ?, ?, ?, ?, ?, "
            "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
        ),
        (
            "id",
            "conversation",
            "order_key",
            "author",
            "device_id",
            "counter",
            "rank",
            "sent_at_ms",
            "received_at_ms",
            "kind",
            "state",
            "error",
            "quote_id",
            "quote_excerpt",
            "expires_at_ms",
            "timer_s",
            "gone_at_ms",
            "text",
            "body",
            "calls",
        ),
        {},
    ),
    "messages.OF_DEVICE": (
        (
            "SELECT count(*) AS count_1 FROM messages WHERE messages.conversation = ? AND "
            "messages.device_id = ?"
        ),
        ("conversation", "device_id"),
        {},
    ),
    "messages.PLACE": (
        "SELECT messages.conversation, messages.order_key FROM messages WHERE messages.id = ?",
        ("id",),
        {},
    ),
    "messages.SET_CALLS": (
        "UPDATE messages SET calls = (calls & ?) | ? WHERE id = ?",
        ("keeps", "calls", "which"),
        {},
    ),
    "messages.SET_COUNTER": (
        "UPDATE messages SET counter=?, body=? WHERE messages.id = ?",
        ("counter", "body", "which"),
        {},
    ),
    "messages.SET_EXPIRY": (
        "UPDATE messages SET expires_at_ms=? WHERE messages.id = ?",
        ("expires_at_ms", "which"),
        {},
    ),
    "messages.SET_STATE": (
        "UPDATE messages SET state=?, error=? WHERE messages.id = ?",
        ("state", "error", "which"),
        {},
    ),
    "messages.TOTAL": (
        (
            "SELECT conversations.number, conversations.message_count FROM conversations WHERE "
            'conversations."key" = ?'
        ),
        ("key",),
        {},
    ),
    "messages.WINDOW": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.conversation = ? AND messages.order_key >= ? ORDER BY messages.order_key "
            "LIMIT ? OFFSET ?"
        ),
        ("conversation", "first_key", "count", "skipped"),
        {},
    ),
    "outbox.ALL": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox ORDER BY outbox.number"
        ),
        (),
        {},
    ),
    "outbox.BY_ACCOUNT": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox WHERE outbox.account_id = ? ORDER BY outbox.number"
        ),
        ("account_id",),
        {},
    ),
    "outbox.BY_ID": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox WHERE outbox.id = ? ORDER BY outbox.number"
        ),
        ("which",),
        {},
    ),
    "outbox.BY_MESSAGE": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox WHERE outbox.message_id = ? ORDER BY outbox.number"
        ),
        ("message_id",),
        {},
    ),
    "outbox.COUNT": (
        "SELECT count(*) AS count_1 FROM outbox",
        (),
        {},
    ),
    "outbox.COUNT_MESSAGES": (
        "SELECT count(DISTINCT outbox.message_id) AS count_1 FROM outbox",
        (),
        {},
    ),
    "outbox.DELETE": (
        "DELETE FROM outbox WHERE outbox.id = ?",
        ("which",),
        {},
    ),
    "outbox.DUE": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox WHERE outbox.number IN (SELECT outbox.number FROM outbox"
            " WHERE outbox.next_attempt_ms <= ? ORDER BY +outbox.number LIMIT ? OFFSET ?) ORDER "
            "BY outbox.number"
        ),
        ("now_ms", "limit", "param_1"),
        {"param_1": 0},
    ),
    "outbox.DUE_AT": (
        (
            "SELECT outbox.id, outbox.envelope_id, outbox.message_id, outbox.account_id, "
            "outbox.device_id, outbox.content, outbox.payload, outbox.relay, outbox.state, "
            "outbox.attempts, outbox.next_attempt_ms, outbox.created_at_ms, outbox.ttl_s, "
            "outbox.was_sent FROM outbox WHERE outbox.number IN (SELECT outbox.number FROM outbox"
            " WHERE outbox.next_attempt_ms <= ? AND outbox.relay = ? ORDER BY +outbox.number "
            "LIMIT ? OFFSET ?) ORDER BY outbox.number"
        ),
        ("now_ms", "relay", "limit", "param_1"),
        {"param_1": 0},
    ),
    "outbox.ENQUEUE": (
        (
            "INSERT INTO outbox (id, envelope_id, message_id, account_id, device_id, relay, "
            "state, attempts, next_attempt_ms, created_at_ms, ttl_s, was_sent, content, payload) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        ),
        (
            "id",
            "envelope_id",
            "message_id",
            "account_id",
            "device_id",
            "relay",
            "state",
            "attempts",
            "next_attempt_ms",
            "created_at_ms",
            "ttl_s",
            "was_sent",
            "content",
            "payload",
        ),
        {},
    ),
    "outbox.MARK": (
        "UPDATE outbox SET state=?, attempts=?, next_attempt_ms=?, was_sent=? WHERE outbox.id = ?",
        ("state", "attempts", "next_attempt_ms", "was_sent", "which"),
        {},
    ),
    "outbox.NEXT_DUE": (
        (
            "SELECT min(outbox.next_attempt_ms) AS min_1 FROM outbox WHERE outbox.next_attempt_ms"
            " IS NOT NULL"
        ),
        (),
        {},
    ),
    "outbox.RELAYS_DUE": (
        (
            "SELECT DISTINCT outbox.relay FROM outbox WHERE outbox.next_attempt_ms <= ? ORDER BY "
            "outbox.relay"
        ),
        ("now_ms",),
        {},
    ),
    "outbox.SAVE_SEALED": (
        "UPDATE outbox SET envelope_id=?, device_id=?, relay=?, payload=? WHERE outbox.id = ?",
        ("envelope_id", "device_id", "relay", "payload", "which"),
        {},
    ),
    "outbox.SET_CONTENT": (
        "UPDATE outbox SET content=? WHERE outbox.id = ?",
        ("content", "which"),
        {},
    ),
    "outbox.WAKE": (
        "UPDATE outbox SET next_attempt_ms=? WHERE outbox.next_attempt_ms > ?",
        ("next_attempt_ms", "now_ms"),
        {},
    ),
    "outbox.WAKE_ACCOUNT": (
        (
            "UPDATE outbox SET next_attempt_ms=? WHERE outbox.account_id = ? AND outbox.attempts "
            "> ? AND outbox.next_attempt_ms > ?"
        ),
        ("next_attempt_ms", "which", "attempts_1", "now_ms"),
        {"attempts_1": 0},
    ),
    "positions.BACKWARDS": (
        (
            "SELECT chunks.first_key, chunks.size FROM chunks WHERE chunks.conversation = ? ORDER"
            " BY chunks.first_key DESC"
        ),
        ("conversation",),
        {},
    ),
    "positions.FORWARDS": (
        (
            "SELECT chunks.first_key, chunks.size FROM chunks WHERE chunks.conversation = ? ORDER"
            " BY chunks.first_key"
        ),
        ("conversation",),
        {},
    ),
    "positions.POSITION": (
        (
            "SELECT (SELECT coalesce(sum(chunks.size), ?) AS coalesce_1 FROM chunks WHERE "
            "chunks.conversation = ? AND chunks.first_key < chunk.first_key) + (SELECT count(*) "
            "AS count_1 FROM messages WHERE messages.conversation = ? AND messages.order_key >= "
            "chunk.first_key AND messages.order_key < ?) AS anon_1 FROM (SELECT "
            "max(chunks.first_key) AS first_key FROM chunks WHERE chunks.conversation = ? AND "
            "chunks.first_key <= ?) AS chunk"
        ),
        ("coalesce_2", "conversation", "conversation", "key", "conversation", "key"),
        {"coalesce_2": 0},
    ),
    "prekeys.ADD_PREKEY": (
        "INSERT INTO prekeys (kind, id, secret, expires_at_s, created_at_s) VALUES (?, ?, ?, ?, ?)",
        ("kind", "id", "secret", "expires_at_s", "created_at_s"),
        {},
    ),
    "prekeys.COUNT": (
        "SELECT count(*) AS count_1 FROM prekeys WHERE prekeys.kind = ?",
        ("of_kind",),
        {},
    ),
    "prekeys.DELETE_PREKEY": (
        "DELETE FROM prekeys WHERE prekeys.kind = ? AND prekeys.id = ?",
        ("of_kind", "of_id"),
        {},
    ),
    "prekeys.EXPIRED": (
        (
            "SELECT prekeys.kind, prekeys.id, prekeys.secret, prekeys.expires_at_s, "
            "prekeys.created_at_s FROM prekeys WHERE prekeys.expires_at_s <= ? ORDER BY "
            "prekeys.kind, prekeys.id"
        ),
        ("now_s",),
        {},
    ),
    "prekeys.FORGET": (
        "DELETE FROM hello_hashes WHERE hello_hashes.prekey_id = ?",
        ("of_id",),
        {},
    ),
    "prekeys.NEXT_ID": (
        "SELECT prekey_ids.next_id FROM prekey_ids WHERE prekey_ids.kind = ?",
        ("of_kind",),
        {},
    ),
    "prekeys.OF_KIND": (
        (
            "SELECT prekeys.kind, prekeys.id, prekeys.secret, prekeys.expires_at_s, "
            "prekeys.created_at_s FROM prekeys WHERE prekeys.kind = ? ORDER BY prekeys.id DESC"
        ),
        ("of_kind",),
        {},
    ),
    "prekeys.PREKEY_BY_ID": (
        (
            "SELECT prekeys.kind, prekeys.id, prekeys.secret, prekeys.expires_at_s, "
            "prekeys.created_at_s FROM prekeys WHERE prekeys.kind = ? AND prekeys.id = ?"
        ),
        ("of_kind", "of_id"),
        {},
    ),
    "prekeys.RAISE_ID": (
        (
            "INSERT INTO prekey_ids (kind, next_id) VALUES (?, ?) ON CONFLICT (kind) DO UPDATE "
            "SET next_id = max(prekey_ids.next_id, excluded.next_id)"
        ),
        ("kind", "next_id"),
        {},
    ),
    "prekeys.REMEMBER": (
        "INSERT INTO hello_hashes (hash, prekey_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ("hash", "prekey_id"),
        {},
    ),
    "records.ALL": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records ORDER BY records.kind, records."key"'
        ),
        (),
        {},
    ),
    "records.OF_CONVERSATION": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records WHERE records."key" = ? AND kind IN (5, 6, 7, 8, 10)'
        ),
        ("key",),
        {},
    ),
    "records.OF_KIND": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records WHERE records.kind = ? ORDER BY records."key"'
        ),
        ("kind",),
        {},
    ),
    "records.ONE": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records WHERE records.kind = ? AND records."key" = ?'
        ),
        ("kind", "key"),
        {},
    ),
    "records.PUT": (
        (
            'INSERT INTO records (kind, "key", rank, device_id, value) VALUES (?, ?, ?, ?, ?) ON '
            'CONFLICT (kind, "key") DO UPDATE SET rank = excluded.rank, device_id = '
            "excluded.device_id, value = excluded.value WHERE records.rank < excluded.rank OR "
            "records.rank = excluded.rank AND records.device_id < excluded.device_id"
        ),
        ("kind", "key", "rank", "device_id", "value"),
        {},
    ),
    "requests.BYTES": (
        (
            "SELECT coalesce(sum(length(messages.body)), ?) AS coalesce_1 FROM messages WHERE "
            "messages.conversation = ?"
        ),
        ("coalesce_2", "conversation"),
        {"coalesce_2": 0},
    ),
    "requests.COUNT": (
        "SELECT count(*) AS count_1 FROM contacts WHERE contacts.state = ?",
        ("in_state",),
        {},
    ),
    "requests.COUNT_SINCE": (
        (
            "SELECT count(*) AS count_1 FROM contacts WHERE contacts.state = ? AND "
            "contacts.created_at_s > ?"
        ),
        ("in_state", "after_s"),
        {},
    ),
    "requests.FORGET_CHUNKS": (
        "DELETE FROM chunks WHERE chunks.conversation = ?",
        ("conversation",),
        {},
    ),
    "requests.FORGET_CONVERSATION": (
        "DELETE FROM conversations WHERE conversations.number = ?",
        ("conversation",),
        {},
    ),
    "requests.FORGET_COUNTERS": (
        "DELETE FROM counters WHERE counters.conversation = ?",
        ("conversation",),
        {},
    ),
    "requests.FORGET_GAPS": (
        "DELETE FROM gaps WHERE gaps.conversation = ?",
        ("conversation",),
        {},
    ),
    "requests.FORGET_MARKS": (
        "DELETE FROM marks WHERE marks.conversation = ?",
        ("conversation",),
        {},
    ),
    "requests.FORGET_MESSAGES": (
        "DELETE FROM messages WHERE messages.conversation = ?",
        ("conversation",),
        {},
    ),
    "requests.IS_UNSEEN": (
        (
            "SELECT contacts.account_id FROM contacts WHERE contacts.state = ? AND "
            "contacts.petname IS NULL AND contacts.account_id = ? AND NOT (EXISTS (SELECT * FROM "
            'conversations, messages WHERE conversations."key" = contacts.account_id AND '
            "messages.conversation = conversations.number AND messages.received_at_ms IS NOT NULL"
            " AND messages.state = ?))"
        ),
        ("in_state", "which", "state_1"),
        {"state_1": "read"},
    ),
    "requests.MARK_BYTES": (
        (
            "SELECT coalesce(sum(length(marks.body)), ?) AS coalesce_1 FROM marks WHERE "
            "marks.conversation = ?"
        ),
        ("coalesce_2", "conversation"),
        {"coalesce_2": 0},
    ),
    "requests.UNSEEN": (
        (
            "SELECT contacts.account_id FROM contacts WHERE contacts.state = ? AND "
            "contacts.petname IS NULL AND contacts.created_at_s < ? AND NOT (EXISTS (SELECT * "
            'FROM conversations, messages WHERE conversations."key" = contacts.account_id AND '
            "messages.conversation = conversations.number AND messages.received_at_ms IS NOT NULL"
            " AND messages.state = ?)) ORDER BY contacts.created_at_s, contacts.account_id LIMIT "
            "? OFFSET ?"
        ),
        ("in_state", "before_s", "state_1", "param_1", "param_2"),
        {"state_1": "read", "param_1": 1, "param_2": 0},
    ),
    "rewrites.ERASE": (
        (
            "UPDATE messages SET kind=?, error=?, quote_id=?, quote_excerpt=?, text=?, body=? "
            "WHERE messages.id = ?"
        ),
        ("kind", "error", "quote_id", "quote_excerpt", "text", "body", "which"),
        {},
    ),
    "rewrites.GONE": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.gone_at_ms <= ? ORDER BY messages.gone_at_ms LIMIT ? OFFSET ?"
        ),
        ("now_ms", "limit", "param_1"),
        {"param_1": 0},
    ),
    "rewrites.LAST_SETTING": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.conversation = ? AND messages.kind = 'setting' ORDER BY messages.order_key "
            "DESC LIMIT ? OFFSET ?"
        ),
        ("conversation", "param_1", "param_2"),
        {"param_1": 1, "param_2": 0},
    ),
    "rewrites.NEXT_GONE": (
        (
            "SELECT min(messages.gone_at_ms) AS min_1 FROM messages WHERE messages.gone_at_ms IS "
            "NOT NULL"
        ),
        (),
        {},
    ),
    "rewrites.OF_KIND": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.kind = ? ORDER BY messages.number"
        ),
        ("kind",),
        {},
    ),
    "rewrites.QUOTING": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.quote_id = ? ORDER BY messages.order_key"
        ),
        ("quoted",),
        {},
    ),
    "rewrites.REWRITE": (
        "UPDATE messages SET kind=?, quote_id=?, quote_excerpt=?, text=? WHERE messages.id = ?",
        ("kind", "quote_id", "quote_excerpt", "text", "which"),
        {},
    ),
    "rewrites.SET_EXCERPT": (
        "UPDATE messages SET quote_excerpt=?, body=? WHERE messages.id = ?",
        ("quote_excerpt", "body", "which"),
        {},
    ),
    "rewrites.SET_GONE": (
        "UPDATE messages SET gone_at_ms=? WHERE messages.id = ?",
        ("gone_at_ms", "which"),
        {},
    ),
    "search.BY_NUMBER": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.conversation AS number FROM messages "
            "JOIN conversations ON messages.conversation = conversations.number WHERE "
            "messages.number = ?"
        ),
        ("number",),
        {},
    ),
    "search.FIND": (
        (
            "SELECT message_search.rowid FROM message_search WHERE message_search MATCH ? AND "
            "message_search.rowid >= ? AND message_search.rowid <= ? ORDER BY "
            "message_search.rowid DESC LIMIT ? OFFSET ?"
        ),
        ("wanted", "lowest", "highest", "limit", "param_1"),
        {"param_1": 0},
    ),
    "search.KEY_OF": (
        (
            "SELECT messages.number, messages.sent_at_ms, messages.received_at_ms FROM messages "
            "WHERE messages.id = ?"
        ),
        ("id",),
        {},
    ),
    "sender_keys.ADD_TAG": (
        "INSERT INTO group_chain_tags (tag, chain, number) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        ("tag", "chain", "number"),
        {},
    ),
    "sender_keys.BY_TAG": (
        (
            "SELECT group_chain_tags.chain, group_chain_tags.number FROM group_chain_tags WHERE "
            "group_chain_tags.tag = ?"
        ),
        ("tag",),
        {},
    ),
    "sender_keys.COUNT": (
        "SELECT count(*) AS count_1 FROM group_chains WHERE group_chains.account_id = ?",
        ("account_id",),
        {},
    ),
    "sender_keys.COUNT_STRAY": (
        (
            "SELECT count(*) AS count_1 FROM group_chains WHERE group_chains.is_own = ? AND NOT "
            "(EXISTS (SELECT * FROM group_states, group_members WHERE group_states.group_id = "
            "group_chains.group_id AND (group_states.state = ? OR group_states.state = ?) AND "
            "group_members.group_id = group_chains.group_id AND group_members.account_id = "
            "group_chains.account_id))"
        ),
        ("is_own_1", "state_1", "state_2"),
        {"is_own_1": 0, "state_1": "joined", "state_2": "left"},
    ),
    "sender_keys.DROP": (
        "DELETE FROM group_chains WHERE group_chains.chain = ?",
        ("which",),
        {},
    ),
    "sender_keys.DROP_HOLDERS": (
        "DELETE FROM group_chain_holders WHERE group_chain_holders.chain = ?",
        ("which",),
        {},
    ),
    "sender_keys.DROP_TAGS": (
        "DELETE FROM group_chain_tags WHERE group_chain_tags.chain = ?",
        ("which",),
        {},
    ),
    "sender_keys.HOLD": (
        "INSERT INTO group_chain_holders (chain, device_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
        ("chain", "device_id"),
        {},
    ),
    "sender_keys.HOLDERS": (
        (
            "SELECT group_chain_holders.device_id FROM group_chain_holders WHERE "
            "group_chain_holders.chain = ?"
        ),
        ("chain",),
        {},
    ),
    "sender_keys.LAST_WRITERS": (
        (
            "SELECT group_chains.chain, group_chains.group_id, group_chains.account_id, "
            "group_chains.device_id, group_chains.is_own, group_chains.number, "
            "group_chains.made_at_ms, group_chains.secret FROM group_chains WHERE "
            "group_chains.is_own = ? ORDER BY group_chains.made_at_ms DESC, group_chains.chain "
            "LIMIT ? OFFSET ?"
        ),
        ("is_own_1", "most", "param_1"),
        {"is_own_1": 0, "param_1": 0},
    ),
    "sender_keys.OF": (
        (
            "SELECT group_chains.chain, group_chains.group_id, group_chains.account_id, "
            "group_chains.device_id, group_chains.is_own, group_chains.number, "
            "group_chains.made_at_ms, group_chains.secret FROM group_chains WHERE "
            "group_chains.group_id = ? AND group_chains.device_id = ? ORDER BY "
            "group_chains.made_at_ms DESC, group_chains.chain"
        ),
        ("group_id", "device_id"),
        {},
    ),
    "sender_keys.ONE": (
        (
            "SELECT group_chains.chain, group_chains.group_id, group_chains.account_id, "
            "group_chains.device_id, group_chains.is_own, group_chains.number, "
            "group_chains.made_at_ms, group_chains.secret FROM group_chains WHERE "
            "group_chains.chain = ?"
        ),
        ("chain",),
        {},
    ),
    "sender_keys.PUT": (
        (
            "INSERT INTO group_chains (chain, group_id, account_id, device_id, is_own, number, "
            "made_at_ms, secret) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chain) DO UPDATE "
            "SET number = excluded.number, secret = excluded.secret"
        ),
        (
            "chain",
            "group_id",
            "account_id",
            "device_id",
            "is_own",
            "number",
            "made_at_ms",
            "secret",
        ),
        {},
    ),
    "sender_keys.USE_TAG": (
        "DELETE FROM group_chain_tags WHERE group_chain_tags.tag = ?",
        ("which",),
        {},
    ),
    "sender_keys.WRITERS": (
        "SELECT group_chains.device_id FROM group_chains WHERE group_chains.group_id = ?",
        ("group_id",),
        {},
    ),
    "sending.ADD_KEY": (
        "INSERT INTO sending_keys (hash, message_id, digest, used_at_ms) VALUES (?, ?, ?, ?)",
        ("hash", "message_id", "digest", "used_at_ms"),
        {},
    ),
    "sending.ALL": (
        (
            "SELECT scheduled.id, scheduled.account_id, scheduled.text, scheduled.quoted, "
            "scheduled.due_ms, scheduled.error FROM scheduled ORDER BY scheduled.due_ms, "
            "scheduled.id"
        ),
        (),
        {},
    ),
    "sending.FORGET": (
        "DELETE FROM sending_keys WHERE sending_keys.used_at_ms < ?",
        ("before_ms",),
        {},
    ),
    "sending.KEY": (
        (
            "SELECT sending_keys.hash, sending_keys.message_id, sending_keys.digest, "
            "sending_keys.used_at_ms FROM sending_keys WHERE sending_keys.hash = ?"
        ),
        ("hash",),
        {},
    ),
    "sending.NEXT": (
        "SELECT min(scheduled.due_ms) AS min_1 FROM scheduled WHERE scheduled.error IS NULL",
        (),
        {},
    ),
    "sending.ONE": (
        (
            "SELECT scheduled.id, scheduled.account_id, scheduled.text, scheduled.quoted, "
            "scheduled.due_ms, scheduled.error FROM scheduled WHERE scheduled.id = ?"
        ),
        ("id",),
        {},
    ),
    "sending.REFUSED": (
        "UPDATE scheduled SET error=? WHERE scheduled.id = ?",
        ("because", "which"),
        {},
    ),
    "sending.SCHEDULE": (
        (
            "INSERT INTO scheduled (id, account_id, text, quoted, due_ms, error) VALUES (?, ?, ?,"
            " ?, ?, ?)"
        ),
        ("id", "account_id", "text", "quoted", "due_ms", "error"),
        {},
    ),
    "sending.UNSCHEDULE": (
        "DELETE FROM scheduled WHERE scheduled.id = ?",
        ("id",),
        {},
    ),
    "sessions.ACCOUNTS": (
        "SELECT DISTINCT sessions.account_id FROM sessions",
        (),
        {},
    ),
    "sessions.ADD_TAG": (
        (
            "INSERT INTO session_tags (tag, session_id) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE"
            " SET session_id = excluded.session_id"
        ),
        ("tag", "session_id"),
        {},
    ),
    "sessions.BY_ID": (
        (
            "SELECT sessions.session_id, sessions.account_id, sessions.device_id, sessions.state,"
            " sessions.is_confirmed, sessions.initiated_by_us, sessions.last_used_ms FROM "
            "sessions WHERE sessions.session_id = ?"
        ),
        ("session_id",),
        {},
    ),
    "sessions.BY_TAG": (
        (
            "SELECT sessions.session_id, sessions.account_id, sessions.device_id, sessions.state,"
            " sessions.is_confirmed, sessions.initiated_by_us, sessions.last_used_ms FROM "
            "sessions JOIN session_tags ON session_tags.session_id = sessions.session_id WHERE "
            "session_tags.tag = ?"
        ),
        ("tag",),
        {},
    ),
    "sessions.DELETE": (
        "DELETE FROM sessions WHERE sessions.session_id = ?",
        ("session_id",),
        {},
    ),
    "sessions.OF_ACCOUNT": (
        (
            "SELECT sessions.session_id, sessions.account_id, sessions.device_id, sessions.state,"
            " sessions.is_confirmed, sessions.initiated_by_us, sessions.last_used_ms FROM "
            "sessions WHERE sessions.account_id = ? ORDER BY sessions.session_id"
        ),
        ("account_id",),
        {},
    ),
    "sessions.OF_DEVICE": (
        (
            "SELECT sessions.session_id, sessions.account_id, sessions.device_id, sessions.state,"
            " sessions.is_confirmed, sessions.initiated_by_us, sessions.last_used_ms FROM "
            "sessions WHERE sessions.device_id = ? ORDER BY sessions.session_id"
        ),
        ("device_id",),
        {},
    ),
    "sessions.REMOVE_TAG": (
        "DELETE FROM session_tags WHERE session_tags.tag = ? AND session_tags.session_id = ?",
        ("tag", "session_id"),
        {},
    ),
    "sessions.SAVE": (
        (
            "INSERT INTO sessions (session_id, account_id, device_id, is_confirmed, "
            "initiated_by_us, last_used_ms, state) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
            "(session_id) DO UPDATE SET session_id = excluded.session_id, account_id = "
            "excluded.account_id, device_id = excluded.device_id, is_confirmed = "
            "excluded.is_confirmed, initiated_by_us = excluded.initiated_by_us, last_used_ms = "
            "excluded.last_used_ms, state = excluded.state"
        ),
        (
            "session_id",
            "account_id",
            "device_id",
            "is_confirmed",
            "initiated_by_us",
            "last_used_ms",
            "state",
        ),
        {},
    ),
    "sessions.TAGS_OF": (
        "SELECT session_tags.tag FROM session_tags WHERE session_tags.session_id = ?",
        ("session_id",),
        {},
    ),
    "spaces.ADD": (
        "INSERT INTO space_channels (space_id, group_id, category, position) VALUES (?, ?, ?, ?)",
        ("space_id", "group_id", "category", "position"),
        {},
    ),
    "spaces.CHANNELS": (
        (
            "SELECT space_channels.space_id, space_channels.group_id, space_channels.category, "
            "space_channels.position FROM space_channels WHERE space_channels.space_id = ? ORDER "
            "BY space_channels.category, space_channels.position, space_channels.group_id"
        ),
        ("space_id",),
        {},
    ),
    "spaces.FORGET": (
        "DELETE FROM space_channels WHERE space_channels.space_id = ?",
        ("which",),
        {},
    ),
    "spaces.ONE": (
        (
            "SELECT space_channels.space_id, space_channels.group_id, space_channels.category, "
            "space_channels.position FROM space_channels WHERE space_channels.space_id = ? AND "
            "space_channels.group_id = ?"
        ),
        ("space", "group"),
        {},
    ),
    "summaries.CONVERSATION": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, conversations.number, "
            "conversations.message_count, conversations.unread_count, CASE WHEN "
            "(conversations.unread_count > ?) THEN (SELECT min(messages.order_key) AS min_1 FROM "
            "messages WHERE messages.conversation = conversations.number AND "
            "messages.received_at_ms IS NOT NULL AND messages.state = 'delivered') END AS "
            "first_unread FROM conversations LEFT OUTER JOIN messages ON messages.conversation = "
            "conversations.number AND messages.order_key = (SELECT max(others.order_key) AS max_1"
            " FROM messages AS others WHERE others.conversation = conversations.number) WHERE "
            'conversations."key" = ?'
        ),
        ("unread_count_1", "key"),
        {"unread_count_1": 0},
    ),
    "summaries.CONVERSATIONS": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, conversations.number, "
            "conversations.message_count, conversations.unread_count, CASE WHEN "
            "(conversations.unread_count > ?) THEN (SELECT min(messages.order_key) AS min_1 FROM "
            "messages WHERE messages.conversation = conversations.number AND "
            "messages.received_at_ms IS NOT NULL AND messages.state = 'delivered') END AS "
            "first_unread FROM conversations LEFT OUTER JOIN messages ON messages.conversation = "
            "conversations.number AND messages.order_key = (SELECT max(others.order_key) AS max_1"
            " FROM messages AS others WHERE others.conversation = conversations.number) ORDER BY "
            "messages.order_key DESC, conversations.number"
        ),
        ("unread_count_1",),
        {"unread_count_1": 0},
    ),
    "summaries.SET_STATE": (
        "UPDATE messages SET state=? WHERE messages.id = ?",
        ("state", "which"),
        {},
    ),
    "summaries.UNREAD": (
        'SELECT conversations.unread_count FROM conversations WHERE conversations."key" = ?',
        ("key",),
        {},
    ),
    "summaries.UNREAD_UP_TO": (
        (
            "SELECT messages.id FROM messages WHERE messages.conversation = ? AND "
            "messages.received_at_ms IS NOT NULL AND messages.state = 'delivered' AND "
            "messages.order_key <= (SELECT last_read.order_key FROM messages AS last_read WHERE "
            "last_read.id = ? AND last_read.conversation = ?) ORDER BY messages.order_key"
        ),
        ("conversation", "up_to", "conversation"),
        {},
    ),
    "sync.ADD": (
        "INSERT INTO sync_log (counter, at_ms, items) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        ("counter", "at_ms", "items"),
        {},
    ),
    "sync.ITEMS": (
        "SELECT sync_log.items FROM sync_log WHERE sync_log.counter = ?",
        ("counter",),
        {},
    ),
    "sync.PRUNE": (
        "DELETE FROM sync_log WHERE sync_log.at_ms < ?",
        ("before_ms",),
        {},
    ),
    "sync.SETTLE": (
        'DELETE FROM touched WHERE touched.kind = ? AND touched."key" = ?',
        ("kind", "key"),
        {},
    ),
    "sync.SOME": (
        (
            'SELECT touched.kind, touched."key" FROM touched ORDER BY touched.kind, touched."key"'
            " LIMIT ? OFFSET ?"
        ),
        ("limit", "param_1"),
        {"param_1": 0},
    ),
    "threads.ANSWERS": (
        (
            "WITH RECURSIVE down (id, order_key) AS ( SELECT ?, x'' UNION SELECT "
            "substr(messages.order_key, 9), messages.order_key FROM down CROSS JOIN messages ON "
            "messages.quote_id = down.id AND messages.conversation = (SELECT number FROM "
            'conversations WHERE "key" = ?) LIMIT ? ) SELECT down.id FROM down WHERE down.id <> ?'
            " ORDER BY order_key"
        ),
        ("root", "conversation", "most", "root"),
        {},
    ),
    "threads.COUNT": (
        (
            "WITH RECURSIVE down (id, order_key) AS ( SELECT ?, x'' UNION SELECT "
            "substr(messages.order_key, 9), messages.order_key FROM down CROSS JOIN messages ON "
            "messages.quote_id = down.id AND messages.conversation = (SELECT number FROM "
            'conversations WHERE "key" = ?) LIMIT ? ) SELECT count(*) FROM down WHERE down.id <> '
            "?"
        ),
        ("root", "conversation", "most", "root"),
        {},
    ),
    "threads.UP": (
        (
            "WITH RECURSIVE up (id) AS ( SELECT ? UNION SELECT messages.quote_id FROM up CROSS "
            "JOIN messages ON messages.id = up.id AND messages.conversation = (SELECT number FROM"
            ' conversations WHERE "key" = ?) WHERE messages.quote_id IS NOT NULL LIMIT ? ) SELECT'
            " up.id FROM up"
        ),
        ("id", "conversation", "most"),
        {},
    ),
    "trace.ADD": (
        "INSERT INTO trace (message_id, device_id, event, at_ms, detail) VALUES (?, ?, ?, ?, ?)",
        ("message_id", "device_id", "event", "at_ms", "detail"),
        {},
    ),
    "trace.DELETE_BEFORE": (
        "DELETE FROM trace WHERE trace.at_ms < ?",
        ("before_ms",),
        {},
    ),
    "trace.OF": (
        (
            "SELECT trace.message_id, trace.device_id, trace.event, trace.at_ms, trace.detail "
            "FROM trace WHERE trace.message_id = ? ORDER BY trace.number"
        ),
        ("message_id",),
        {},
    ),
    "transfer_rows.ADD_GAP": (
        (
            "INSERT INTO gaps (conversation, device_id, counter) VALUES (?, ?, ?) ON CONFLICT DO "
            "NOTHING"
        ),
        ("conversation", "device_id", "counter"),
        {},
    ),
    "transfer_rows.BEFORE": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls FROM messages JOIN conversations ON "
            "messages.conversation = conversations.number WHERE messages.conversation = ? AND "
            "messages.order_key < ? ORDER BY messages.order_key DESC LIMIT ? OFFSET ?"
        ),
        ("conversation", "before_key", "limit", "param_1"),
        {"param_1": 0},
    ),
    "transfer_rows.COUNT": (
        "SELECT sum(conversations.message_count) AS sum_1 FROM conversations",
        (),
        {},
    ),
    "transfer_rows.DROP_GAPS": (
        "DELETE FROM gaps WHERE gaps.conversation = ? AND gaps.device_id = ? AND gaps.counter <= ?",
        ("in_conversation", "of_device", "up_to"),
        {},
    ),
    "transfer_rows.HIGHEST": (
        (
            "SELECT counters.device_id, counters.highest FROM counters WHERE "
            "counters.conversation = ? ORDER BY counters.device_id"
        ),
        ("conversation",),
        {},
    ),
    "transfer_rows.IS_HERE": (
        "SELECT messages.id FROM messages WHERE messages.id = ?",
        ("id",),
        {},
    ),
    "transfer_rows.KEYS": (
        (
            'SELECT conversations."key" FROM conversations ORDER BY (SELECT max(others.order_key)'
            " AS max_1 FROM messages AS others WHERE others.conversation = conversations.number) "
            "DESC, conversations.number DESC"
        ),
        (),
        {},
    ),
    "transfer_rows.LAST_MARK": (
        "SELECT max(marks.number) AS max_1 FROM marks",
        (),
        {},
    ),
    "transfer_rows.LAST_MESSAGE": (
        "SELECT max(messages.number) AS max_1 FROM messages",
        (),
        {},
    ),
    "transfer_rows.MARKS_AFTER": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body, marks.number FROM marks JOIN "
            "conversations ON marks.conversation = conversations.number WHERE marks.number > ? "
            "ORDER BY marks.number LIMIT ? OFFSET ?"
        ),
        ("after", "limit", "param_1"),
        {"param_1": 0},
    ),
    "transfer_rows.MESSAGES_AFTER": (
        (
            'SELECT messages.id, conversations."key" AS conversation, messages.author, '
            "messages.device_id, messages.counter, messages.order_key, messages.rank, "
            "messages.sent_at_ms, messages.received_at_ms, messages.kind, messages.text, "
            "messages.body, messages.state, messages.error, messages.quote_id, "
            "messages.quote_excerpt, messages.expires_at_ms, messages.timer_s, "
            "messages.gone_at_ms, messages.calls, messages.number FROM messages JOIN "
            "conversations ON messages.conversation = conversations.number WHERE messages.number "
            "> ? ORDER BY messages.number LIMIT ? OFFSET ?"
        ),
        ("after", "limit", "param_1"),
        {"param_1": 0},
    ),
    "transfer_rows.RAISE_HIGHEST": (
        (
            "INSERT INTO counters (conversation, device_id, highest) VALUES (?, ?, ?) ON CONFLICT"
            " (conversation, device_id) DO UPDATE SET highest = max(counters.highest, "
            "excluded.highest)"
        ),
        ("conversation", "device_id", "highest"),
        {},
    ),
    "transfer_rows.RECORDS_AFTER": (
        (
            'SELECT records.kind, records."key", records.rank, records.device_id, records.value '
            'FROM records WHERE (records.kind, records."key") > (?, ?) ORDER BY records.kind, '
            'records."key" LIMIT ? OFFSET ?'
        ),
        ("kind", "key", "limit", "param_1"),
        {"param_1": 0},
    ),
    "transfer_rows.STRAYS_AFTER": (
        (
            'SELECT marks.id, conversations."key" AS conversation, marks.target, marks.kind, '
            "marks.author, marks.device_id, marks.counter, marks.rank, marks.at_ms, "
            "marks.gone_at_ms, marks.value, marks.body, marks.number FROM marks JOIN "
            "conversations ON marks.conversation = conversations.number WHERE marks.number > ? "
            "AND NOT (EXISTS (SELECT others.id FROM messages AS others WHERE others.id = "
            "marks.target)) ORDER BY marks.number LIMIT ? OFFSET ?"
        ),
        ("after", "limit", "param_1"),
        {"param_1": 0},
    ),
    "transfers.ALL": (
        (
            "SELECT transfers.id, transfers.direction, transfers.device_id, transfers.state, "
            "transfers.stage, transfers.next_number, transfers.message_number, "
            "transfers.mark_number, transfers.messages_so_far, transfers.messages_in_all, "
            "transfers.bytes_so_far, transfers.begun_at_ms, transfers.cursor FROM transfers WHERE"
            " transfers.direction = ? ORDER BY transfers.begun_at_ms, transfers.id"
        ),
        ("direction",),
        {},
    ),
    "transfers.DELETE_PART": (
        (
            "DELETE FROM transfer_parts WHERE transfer_parts.transfer = ? AND "
            "transfer_parts.number = ?"
        ),
        ("of_transfer", "at_number"),
        {},
    ),
    "transfers.FORGET": (
        "DELETE FROM transfers WHERE transfers.id = ?",
        ("which",),
        {},
    ),
    "transfers.FORGET_PARTS": (
        "DELETE FROM transfer_parts WHERE transfer_parts.transfer = ?",
        ("which",),
        {},
    ),
    "transfers.FORGET_WALK": (
        "DELETE FROM transfer_walk WHERE transfer_walk.transfer = ?",
        ("which",),
        {},
    ),
    "transfers.ONE": (
        (
            "SELECT transfers.id, transfers.direction, transfers.device_id, transfers.state, "
            "transfers.stage, transfers.next_number, transfers.message_number, "
            "transfers.mark_number, transfers.messages_so_far, transfers.messages_in_all, "
            "transfers.bytes_so_far, transfers.begun_at_ms, transfers.cursor FROM transfers WHERE"
            " transfers.id = ?"
        ),
        ("id",),
        {},
    ),
    "transfers.PARTS": (
        (
            "SELECT transfer_parts.transfer, transfer_parts.number, transfer_parts.state, "
            "transfer_parts.size_bytes, transfer_parts.attempts, transfer_parts.capability, "
            'transfer_parts."key" FROM transfer_parts WHERE transfer_parts.transfer = ? ORDER BY '
            "transfer_parts.number"
        ),
        ("transfer",),
        {},
    ),
    "transfers.SAVE_PART": (
        (
            "INSERT INTO transfer_parts (transfer, number, state, size_bytes, attempts, "
            'capability, "key") VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (transfer, number) DO '
            "UPDATE SET transfer = excluded.transfer, number = excluded.number, state = "
            "excluded.state, size_bytes = excluded.size_bytes, attempts = excluded.attempts, "
            'capability = excluded.capability, "key" = excluded."key"'
        ),
        ("transfer", "number", "state", "size_bytes", "attempts", "capability", "key"),
        {},
    ),
    "transfers.SAVE_TRANSFER": (
        (
            "INSERT INTO transfers (id, direction, device_id, state, stage, next_number, "
            "message_number, mark_number, messages_so_far, messages_in_all, bytes_so_far, "
            "begun_at_ms, cursor) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id)"
            " DO UPDATE SET id = excluded.id, direction = excluded.direction, device_id = "
            "excluded.device_id, state = excluded.state, stage = excluded.stage, next_number = "
            "excluded.next_number, message_number = excluded.message_number, mark_number = "
            "excluded.mark_number, messages_so_far = excluded.messages_so_far, messages_in_all = "
            "excluded.messages_in_all, bytes_so_far = excluded.bytes_so_far, begun_at_ms = "
            "excluded.begun_at_ms, cursor = excluded.cursor"
        ),
        (
            "id",
            "direction",
            "device_id",
            "state",
            "stage",
            "next_number",
            "message_number",
            "mark_number",
            "messages_so_far",
            "messages_in_all",
            "bytes_so_far",
            "begun_at_ms",
            "cursor",
        ),
        {},
    ),
    "transfers.SAVE_WALK": (
        (
            "INSERT INTO transfer_walk (transfer, position, conversation, before_key) VALUES (?, "
            "?, ?, ?) ON CONFLICT (transfer, position) DO UPDATE SET before_key = "
            "excluded.before_key"
        ),
        ("transfer", "position", "conversation", "before_key"),
        {},
    ),
    "transfers.WALK_OF": (
        (
            "SELECT transfer_walk.transfer, transfer_walk.position, transfer_walk.conversation, "
            "transfer_walk.before_key FROM transfer_walk WHERE transfer_walk.transfer = ? ORDER "
            "BY transfer_walk.position"
        ),
        ("transfer",),
        {},
    ),
}
