-- schema 13
CREATE TABLE account (
        number INTEGER NOT NULL, address TEXT NOT NULL, root_secret BLOB,
        account_secret BLOB, device_secret BLOB NOT NULL, identity_secret BLOB NOT NULL,
        generation INTEGER NOT NULL, created_at_s INTEGER NOT NULL, PRIMARY KEY (number)
    );
CREATE TABLE aside (
        number INTEGER NOT NULL, envelope_id BLOB NOT NULL, tag BLOB NOT NULL,
        lane INTEGER NOT NULL, arrived_ms INTEGER NOT NULL, payload BLOB NOT NULL,
        PRIMARY KEY (number), UNIQUE (envelope_id)
    );
CREATE TABLE backups (
            number INTEGER NOT NULL, id BLOB NOT NULL, path TEXT NOT NULL,
            made_at_ms INTEGER NOT NULL, messages INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
            is_scheduled INTEGER NOT NULL, PRIMARY KEY (number)
        );
CREATE TABLE chunks (
        conversation INTEGER NOT NULL, first_key BLOB NOT NULL, size INTEGER NOT NULL,
        PRIMARY KEY (conversation, first_key)
    ) WITHOUT ROWID
    ;
CREATE TABLE codes (
        number INTEGER NOT NULL, secret BLOB NOT NULL, lookup_id BLOB NOT NULL,
        bucket INTEGER NOT NULL, is_published INTEGER NOT NULL,
        created_at_s INTEGER NOT NULL, PRIMARY KEY (number)
    );
CREATE TABLE consumers (
        name TEXT NOT NULL, cursor INTEGER NOT NULL, PRIMARY KEY (name)
    ) WITHOUT ROWID
    ;
CREATE TABLE contacts (
        account_id BLOB NOT NULL, address TEXT NOT NULL, root_key BLOB NOT NULL,
        petname TEXT, petname_folded TEXT, state TEXT NOT NULL, trust TEXT NOT NULL,
        token BLOB, token_given INTEGER, manifest_hash BLOB,
        manifest_sequence INTEGER NOT NULL, generation INTEGER NOT NULL,
        is_stale INTEGER NOT NULL, created_at_s INTEGER NOT NULL, manifest BLOB,
        PRIMARY KEY (account_id)
    );
CREATE TABLE conversations (
        number INTEGER NOT NULL, "key" BLOB NOT NULL, message_count INTEGER NOT NULL,
        unread_count INTEGER NOT NULL, own_counter INTEGER NOT NULL, clock INTEGER NOT NULL,
        PRIMARY KEY (number), UNIQUE ("key")
    );
CREATE TABLE counters (
        conversation INTEGER NOT NULL, device_id BLOB NOT NULL, highest INTEGER NOT NULL,
        PRIMARY KEY (conversation, device_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE dead_letters (
            consumer TEXT NOT NULL, cursor INTEGER NOT NULL, error TEXT NOT NULL,
            died_at_ms INTEGER NOT NULL, PRIMARY KEY (consumer, cursor)
        ) WITHOUT ROWID
        ;
CREATE TABLE fan_out_readers (
            entry_id BLOB NOT NULL, devices BLOB NOT NULL, PRIMARY KEY (entry_id)
        ) WITHOUT ROWID
        ;
CREATE TABLE feed (
        cursor INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL,
        message INTEGER NOT NULL, at_ms INTEGER NOT NULL, detail TEXT,
        FOREIGN KEY(message) REFERENCES messages (number) ON DELETE CASCADE
    );
CREATE TABLE files (
        message_id BLOB NOT NULL, place BLOB NOT NULL, state TEXT NOT NULL, blob BLOB,
        stored_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL, error TEXT,
        PRIMARY KEY (message_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE gaps (
        conversation INTEGER NOT NULL, device_id BLOB NOT NULL, counter INTEGER NOT NULL,
        PRIMARY KEY (conversation, device_id, counter)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_chain_holders (
        chain BLOB NOT NULL, device_id BLOB NOT NULL, PRIMARY KEY (chain, device_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_chain_tags (
        tag BLOB NOT NULL, chain BLOB NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tag)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_chains (
        chain BLOB NOT NULL, group_id BLOB NOT NULL, account_id BLOB NOT NULL,
        device_id BLOB NOT NULL, is_own INTEGER NOT NULL, number INTEGER NOT NULL,
        made_at_ms INTEGER NOT NULL, secret BLOB NOT NULL, PRIMARY KEY (chain)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_entries (
        number INTEGER NOT NULL PRIMARY KEY, hash BLOB NOT NULL, group_id BLOB NOT NULL,
        manifest_hash BLOB NOT NULL, signature BLOB NOT NULL, body BLOB NOT NULL, UNIQUE (hash)
    );
CREATE TABLE group_joins (
        group_id BLOB NOT NULL, account_id BLOB NOT NULL, link_id BLOB NOT NULL,
        asked_ms INTEGER NOT NULL, due_ms INTEGER, PRIMARY KEY (group_id, account_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_links (
        link_id BLOB NOT NULL, group_id BLOB NOT NULL, maker BLOB NOT NULL,
        expires_at_s INTEGER NOT NULL, uses INTEGER NOT NULL, used INTEGER NOT NULL,
        needs_approval INTEGER NOT NULL, is_live INTEGER NOT NULL, PRIMARY KEY (link_id, group_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_manifests (
        hash BLOB NOT NULL, manifest BLOB NOT NULL, PRIMARY KEY (hash)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_members (
        group_id BLOB NOT NULL, account_id BLOB NOT NULL, role INTEGER NOT NULL,
        since_counter INTEGER NOT NULL, PRIMARY KEY (group_id, account_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_receipts (
        message_id BLOB NOT NULL, account_id BLOB NOT NULL, state TEXT NOT NULL,
        PRIMARY KEY (message_id, account_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_states (
        group_id BLOB NOT NULL, state TEXT NOT NULL, adder BLOB, name TEXT NOT NULL,
        description TEXT NOT NULL, is_space INTEGER NOT NULL, parent BLOB, timer_s INTEGER NOT NULL,
        may_post INTEGER NOT NULL, may_mention_all INTEGER NOT NULL, own_role INTEGER NOT NULL,
        heads BLOB NOT NULL, begun_at_ms INTEGER NOT NULL, picture BLOB DEFAULT x'' NOT NULL, PRIMARY KEY (group_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE group_waiting (
        number INTEGER NOT NULL PRIMARY KEY, group_id BLOB NOT NULL, account_id BLOB NOT NULL,
        device_id BLOB NOT NULL, arrived_ms INTEGER NOT NULL, packed BLOB NOT NULL
    );
CREATE TABLE hello_hashes (
        hash BLOB NOT NULL, prekey_id INTEGER NOT NULL, PRIMARY KEY (hash)
    ) WITHOUT ROWID
    ;
CREATE TABLE marks (
        number INTEGER NOT NULL, id BLOB NOT NULL, conversation INTEGER NOT NULL,
        target BLOB NOT NULL, kind INTEGER NOT NULL, author BLOB NOT NULL,
        device_id BLOB NOT NULL, counter INTEGER NOT NULL, rank INTEGER NOT NULL,
        at_ms INTEGER NOT NULL, gone_at_ms INTEGER, is_stray INTEGER DEFAULT 0 NOT NULL,
        value TEXT NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (number), UNIQUE (id),
        FOREIGN KEY(conversation) REFERENCES conversations (number)
    );
CREATE TABLE messages (
        number INTEGER NOT NULL, id BLOB NOT NULL, conversation INTEGER NOT NULL,
        order_key BLOB NOT NULL, author BLOB NOT NULL, device_id BLOB NOT NULL,
        counter INTEGER NOT NULL, rank INTEGER NOT NULL, sent_at_ms INTEGER NOT NULL,
        received_at_ms INTEGER, kind TEXT NOT NULL, state TEXT NOT NULL, error TEXT,
        quote_id BLOB, quote_excerpt TEXT, expires_at_ms INTEGER, timer_s INTEGER NOT NULL,
        gone_at_ms INTEGER, text TEXT NOT NULL, body BLOB NOT NULL, calls INTEGER DEFAULT 0 NOT NULL,
        PRIMARY KEY (number), UNIQUE (id),
        CHECK (length(order_key) = 24 AND substr(order_key, 9) = id),
        FOREIGN KEY(conversation) REFERENCES conversations (number)
    );
CREATE TABLE outbox (
        number INTEGER NOT NULL, id BLOB NOT NULL, envelope_id BLOB, message_id BLOB,
        account_id BLOB NOT NULL, device_id BLOB, relay TEXT NOT NULL, state TEXT NOT NULL,
        attempts INTEGER NOT NULL, next_attempt_ms INTEGER, created_at_ms INTEGER NOT NULL,
        ttl_s INTEGER NOT NULL, was_sent INTEGER NOT NULL, content BLOB NOT NULL,
        payload BLOB, PRIMARY KEY (number), UNIQUE (id)
    );
CREATE TABLE prekey_ids (
        kind INTEGER NOT NULL, next_id INTEGER NOT NULL, PRIMARY KEY (kind)
    );
CREATE TABLE prekeys (
        kind INTEGER NOT NULL, id INTEGER NOT NULL, secret BLOB NOT NULL,
        expires_at_s INTEGER NOT NULL, created_at_s INTEGER NOT NULL, PRIMARY KEY (kind, id)
    ) WITHOUT ROWID
    ;
CREATE TABLE processed (
        envelope_id BLOB NOT NULL, processed_at_s INTEGER NOT NULL,
        PRIMARY KEY (envelope_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE receipts (
        account_id BLOB NOT NULL, message_id BLOB NOT NULL, state INTEGER NOT NULL,
        PRIMARY KEY (account_id, message_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE records (
        kind INTEGER NOT NULL, "key" BLOB NOT NULL, rank INTEGER NOT NULL,
        device_id BLOB NOT NULL, value BLOB, PRIMARY KEY (kind, "key")
    ) WITHOUT ROWID
    ;
CREATE TABLE scheduled (
        id BLOB NOT NULL, account_id BLOB NOT NULL, text TEXT NOT NULL, quoted BLOB,
        due_ms INTEGER NOT NULL, error TEXT, PRIMARY KEY (id)
    ) WITHOUT ROWID
    ;
CREATE TABLE sending_keys (
        hash BLOB NOT NULL, message_id BLOB NOT NULL, digest BLOB NOT NULL,
        used_at_ms INTEGER NOT NULL, PRIMARY KEY (hash)
    ) WITHOUT ROWID
    ;
CREATE TABLE session_tags (
        tag BLOB NOT NULL, session_id BLOB NOT NULL, PRIMARY KEY (tag),
        FOREIGN KEY(session_id) REFERENCES sessions (session_id) ON DELETE CASCADE
    ) WITHOUT ROWID
    ;
CREATE TABLE sessions (
        session_id BLOB NOT NULL, account_id BLOB NOT NULL, device_id BLOB NOT NULL,
        is_confirmed INTEGER NOT NULL, initiated_by_us INTEGER NOT NULL,
        last_used_ms INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (session_id)
    );
CREATE TABLE settings (
        "key" TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY ("key")
    ) WITHOUT ROWID
    ;
CREATE TABLE space_channels (
        space_id BLOB NOT NULL, group_id BLOB NOT NULL, category TEXT NOT NULL,
        position INTEGER NOT NULL, PRIMARY KEY (space_id, group_id)
    ) WITHOUT ROWID
    ;
CREATE TABLE sync_log (
        counter INTEGER NOT NULL, at_ms INTEGER NOT NULL, items BLOB NOT NULL,
        PRIMARY KEY (counter)
    );
CREATE TABLE tokens (
        token BLOB NOT NULL, bucket INTEGER NOT NULL, is_live INTEGER NOT NULL,
        PRIMARY KEY (token)
    ) WITHOUT ROWID
    ;
CREATE TABLE touched (
        kind INTEGER NOT NULL, "key" BLOB NOT NULL, PRIMARY KEY (kind, "key")
    ) WITHOUT ROWID
    ;
CREATE TABLE trace (
        number INTEGER NOT NULL, message_id BLOB NOT NULL, device_id BLOB,
        event TEXT NOT NULL, at_ms INTEGER NOT NULL, detail TEXT, PRIMARY KEY (number)
    );
CREATE TABLE transfer_parts (
        transfer BLOB NOT NULL, number INTEGER NOT NULL, state TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, attempts INTEGER NOT NULL, capability BLOB NOT NULL,
        "key" BLOB NOT NULL, PRIMARY KEY (transfer, number)
    ) WITHOUT ROWID
    ;
CREATE TABLE transfer_walk (
        transfer BLOB NOT NULL, position INTEGER NOT NULL, conversation BLOB NOT NULL,
        before_key BLOB NOT NULL, PRIMARY KEY (transfer, position)
    ) WITHOUT ROWID
    ;
CREATE TABLE transfers (
        id BLOB NOT NULL, direction TEXT NOT NULL, device_id BLOB NOT NULL,
        state TEXT NOT NULL, stage INTEGER NOT NULL, next_number INTEGER NOT NULL,
        message_number INTEGER NOT NULL, mark_number INTEGER NOT NULL,
        messages_so_far INTEGER NOT NULL, messages_in_all INTEGER NOT NULL,
        bytes_so_far INTEGER NOT NULL, begun_at_ms INTEGER NOT NULL, cursor BLOB NOT NULL,
        PRIMARY KEY (id)
    ) WITHOUT ROWID
    ;
CREATE VIRTUAL TABLE message_search USING fts5 (
        text,
        facets,
        content = 'searchable',
        content_rowid = 'number',
        prefix = '3',
        tokenize = 'unicode61 remove_diacritics 2'
    );
CREATE VIEW searchable AS
    SELECT (max(0, min(
            min(messages.sent_at_ms, coalesce(messages.received_at_ms, messages.sent_at_ms)) / 1000, 8589934591
        )) << 30 | messages.number) AS number, text,
        'c' || messages.conversation || ' a' || lower(hex(messages.author)) || ' k' || messages.kind
            || CASE WHEN instr(messages.text, 'http://') OR instr(messages.text, 'https://')
                THEN ' klink' ELSE '' END AS facets
    FROM messages WHERE messages.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        );
CREATE INDEX aside_by_tag ON aside (tag);
CREATE INDEX contacts_by_address ON contacts (address);
CREATE INDEX feed_by_message ON feed (message);
CREATE INDEX files_by_state ON files (state);
CREATE INDEX group_chain_tags_by_chain ON group_chain_tags (chain);
CREATE INDEX group_chains_by_device ON group_chains (group_id, device_id);
CREATE INDEX group_entries_by_group ON group_entries (group_id, number);
CREATE INDEX group_joins_by_time ON group_joins (due_ms);
CREATE INDEX group_links_by_group ON group_links (group_id);
CREATE INDEX group_members_by_account ON group_members (account_id);
CREATE INDEX group_waiting_by_group ON group_waiting (group_id);
CREATE INDEX hello_hashes_by_prekey ON hello_hashes (prekey_id);
CREATE INDEX marks_by_counter ON marks (conversation, device_id, counter)
    WHERE counter > 0
    ;
CREATE INDEX marks_by_kind ON marks (conversation, kind);
CREATE INDEX marks_by_target ON marks (target, kind);
CREATE INDEX marks_gone ON marks (gone_at_ms) WHERE gone_at_ms IS NOT NULL;
CREATE INDEX marks_stray ON marks (author) WHERE is_stray = 1;
CREATE INDEX messages_by_counter ON messages (conversation, device_id, counter)
    WHERE counter > 0
    ;
CREATE UNIQUE INDEX messages_by_order ON messages (conversation, order_key);
CREATE INDEX messages_calling ON messages (order_key) WHERE calls > 0;
CREATE INDEX messages_calling_here ON messages (conversation)
    WHERE calls > 0 AND received_at_ms IS NOT NULL AND state = 'delivered'
    ;
CREATE INDEX messages_calling_unread ON messages (order_key)
    WHERE calls > 0 AND received_at_ms IS NOT NULL AND state = 'delivered'
    ;
CREATE INDEX messages_expiring ON messages (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
CREATE INDEX messages_gone ON messages (gone_at_ms) WHERE gone_at_ms IS NOT NULL;
CREATE INDEX messages_quoting ON messages (quote_id, conversation, order_key)
    WHERE quote_id IS NOT NULL
    ;
CREATE INDEX messages_settings ON messages (conversation, order_key) WHERE kind = 'setting'
    ;
CREATE INDEX messages_unread ON messages (conversation, order_key)
    WHERE received_at_ms IS NOT NULL AND state = 'delivered'
    ;
CREATE INDEX messages_with_files ON messages (conversation, order_key) WHERE kind = 'file';
CREATE INDEX outbox_by_account ON outbox (account_id);
CREATE INDEX outbox_by_envelope ON outbox (envelope_id) WHERE envelope_id IS NOT NULL;
CREATE INDEX outbox_by_message ON outbox (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX outbox_by_time ON outbox (next_attempt_ms, relay)
    WHERE next_attempt_ms IS NOT NULL
    ;
CREATE INDEX processed_by_time ON processed (processed_at_s);
CREATE INDEX scheduled_by_time ON scheduled (due_ms);
CREATE INDEX sending_keys_by_time ON sending_keys (used_at_ms);
CREATE INDEX session_tags_by_session ON session_tags (session_id);
CREATE INDEX sessions_by_device ON sessions (device_id);
CREATE INDEX trace_by_message ON trace (message_id);
CREATE TRIGGER chunk_empties AFTER UPDATE OF size ON chunks
    WHEN NEW.size = 0 AND NEW.first_key <> x'' BEGIN
        DELETE FROM chunks WHERE conversation = NEW.conversation AND first_key = NEW.first_key;
    END;
CREATE TRIGGER chunk_splits AFTER UPDATE OF size ON chunks WHEN NEW.size > 1024 BEGIN
        INSERT INTO chunks (conversation, first_key, size)
        SELECT conversation, order_key, NEW.size - (
            CASE WHEN EXISTS (
                SELECT 1 FROM chunks
                WHERE conversation = NEW.conversation AND first_key > NEW.first_key
            ) THEN 512 ELSE 1024 END
        )
        FROM messages
        WHERE conversation = NEW.conversation AND order_key >= NEW.first_key
        ORDER BY order_key LIMIT 1 OFFSET (
            CASE WHEN EXISTS (
                SELECT 1 FROM chunks
                WHERE conversation = NEW.conversation AND first_key > NEW.first_key
            ) THEN 512 ELSE 1024 END
        );
        UPDATE chunks SET size = NEW.size - (
            SELECT size FROM chunks
            WHERE conversation = NEW.conversation AND first_key > NEW.first_key
            ORDER BY first_key LIMIT 1
        )
        WHERE conversation = NEW.conversation AND first_key = NEW.first_key;
    END;
CREATE TRIGGER code_added AFTER INSERT ON codes BEGIN
        INSERT INTO touched SELECT 31, x'' WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 31);
    END;
CREATE TRIGGER contact_added AFTER INSERT ON contacts WHEN NEW.state <> 'self' BEGIN
        INSERT INTO touched SELECT 1, NEW.account_id WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 1 AND "key" = NEW.account_id);
    END;
CREATE TRIGGER contact_changed AFTER UPDATE ON contacts
    WHEN NEW.state <> 'self' AND (
        NEW.petname IS NOT OLD.petname OR NEW.state IS NOT OLD.state
        OR NEW.trust IS NOT OLD.trust OR NEW.token IS NOT OLD.token
        OR NEW.token_given IS NOT OLD.token_given OR NEW.manifest IS NOT OLD.manifest
    ) BEGIN
        INSERT INTO touched SELECT 1, NEW.account_id WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 1 AND "key" = NEW.account_id);
    END;
CREATE TRIGGER conversation_begins AFTER INSERT ON conversations BEGIN
        INSERT INTO chunks (conversation, first_key, size) VALUES (NEW.number, x'', 0);
    END;
CREATE TRIGGER file_comes AFTER INSERT ON messages WHEN NEW.kind = 'file' BEGIN
        INSERT OR IGNORE INTO files (message_id, place, state, stored_bytes, attempts)
        VALUES (NEW.id, randomblob(16), 'new', 0, 0);
    END;
CREATE TRIGGER file_goes AFTER DELETE ON messages WHEN OLD.kind = 'file' BEGIN
        UPDATE files SET state = iif(OLD.counter = 0, 'erased', 'removed'),
            stored_bytes = 0
        WHERE message_id = OLD.id;
    END;
CREATE TRIGGER file_is_erased AFTER UPDATE OF kind ON messages
    WHEN OLD.kind = 'file' AND NEW.kind <> 'file' BEGIN
        UPDATE files SET state = 'erased', stored_bytes = 0 WHERE message_id = OLD.id;
    END;
CREATE TRIGGER file_is_known AFTER UPDATE OF kind ON messages
    WHEN NEW.kind = 'file' AND OLD.kind <> 'file' BEGIN
        INSERT OR IGNORE INTO files (message_id, place, state, stored_bytes, attempts)
        VALUES (NEW.id, randomblob(16), 'new', 0, 0);
    END;
CREATE TRIGGER group_receipts_go AFTER DELETE ON messages BEGIN
        DELETE FROM group_receipts WHERE message_id = OLD.id;
    END;
CREATE TRIGGER mark_settles AFTER INSERT ON messages BEGIN
        UPDATE marks SET is_stray = 0 WHERE target = NEW.id AND is_stray = 1;
    END;
CREATE TRIGGER mark_strays AFTER INSERT ON marks
    WHEN NOT EXISTS (SELECT 1 FROM messages WHERE id = NEW.target) BEGIN
        UPDATE marks SET is_stray = 1 WHERE number = NEW.number;
    END;
CREATE TRIGGER message_added AFTER INSERT ON messages BEGIN
        UPDATE chunks SET size = size + 1
        WHERE conversation = NEW.conversation AND first_key = (
            SELECT max(first_key) FROM chunks
            WHERE conversation = NEW.conversation AND first_key <= NEW.order_key
        );
        UPDATE conversations SET
            message_count = message_count + 1,
            unread_count = unread_count
                + (NEW.received_at_ms IS NOT NULL AND NEW.state = 'delivered')
        WHERE number = NEW.conversation;
        INSERT INTO message_search (rowid, text, facets)
        SELECT (max(0, min(
            min(NEW.sent_at_ms, coalesce(NEW.received_at_ms, NEW.sent_at_ms)) / 1000, 8589934591
        )) << 30 | NEW.number), NEW.text,
            'c' || NEW.conversation || ' a' || lower(hex(NEW.author)) || ' k' || NEW.kind
            || CASE WHEN instr(NEW.text, 'http://') OR instr(NEW.text, 'https://')
                THEN ' klink' ELSE '' END
        WHERE NEW.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        );
    END;
CREATE TRIGGER message_answers_us AFTER INSERT ON messages
    WHEN NEW.quote_id IS NOT NULL AND NEW.received_at_ms IS NOT NULL AND EXISTS (
        SELECT 1 FROM messages
        WHERE id = NEW.quote_id AND conversation = NEW.conversation AND received_at_ms IS NULL
        AND kind NOT IN ('gap', 'undecryptable', 'notice')
    ) BEGIN
        UPDATE messages SET calls = calls | 4 WHERE number = NEW.number;
    END;
CREATE TRIGGER message_counts AFTER UPDATE OF received_at_ms, state ON messages BEGIN
        UPDATE conversations SET unread_count = unread_count
            + (NEW.received_at_ms IS NOT NULL AND NEW.state = 'delivered')
            - (OLD.received_at_ms IS NOT NULL AND OLD.state = 'delivered')
        WHERE number = NEW.conversation;
    END;
CREATE TRIGGER message_erased AFTER DELETE ON messages BEGIN
        UPDATE chunks SET size = size - 1
        WHERE conversation = OLD.conversation AND first_key = (
            SELECT max(first_key) FROM chunks
            WHERE conversation = OLD.conversation AND first_key <= OLD.order_key
        );
        UPDATE conversations SET
            message_count = message_count - 1,
            unread_count = unread_count
                - (OLD.received_at_ms IS NOT NULL AND OLD.state = 'delivered')
        WHERE number = OLD.conversation;
        INSERT INTO message_search (message_search, rowid, text, facets)
        SELECT 'delete', (max(0, min(
            min(OLD.sent_at_ms, coalesce(OLD.received_at_ms, OLD.sent_at_ms)) / 1000, 8589934591
        )) << 30 | OLD.number), OLD.text,
            'c' || OLD.conversation || ' a' || lower(hex(OLD.author)) || ' k' || OLD.kind
            || CASE WHEN instr(OLD.text, 'http://') OR instr(OLD.text, 'https://')
                THEN ' klink' ELSE '' END
        WHERE OLD.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        );
    END;
CREATE TRIGGER message_of_ours_is_answered AFTER INSERT ON messages
    WHEN NEW.received_at_ms IS NULL AND NEW.kind NOT IN ('gap', 'undecryptable', 'notice') BEGIN
        UPDATE messages SET calls = calls | 4
        WHERE quote_id = NEW.id AND conversation = NEW.conversation
        AND received_at_ms IS NOT NULL;
    END;
CREATE TRIGGER message_rewritten
    AFTER UPDATE OF kind, text, author, sent_at_ms, received_at_ms ON messages
    BEGIN
        INSERT INTO message_search (message_search, rowid, text, facets)
        SELECT 'delete', (max(0, min(
            min(OLD.sent_at_ms, coalesce(OLD.received_at_ms, OLD.sent_at_ms)) / 1000, 8589934591
        )) << 30 | OLD.number), OLD.text,
            'c' || OLD.conversation || ' a' || lower(hex(OLD.author)) || ' k' || OLD.kind
            || CASE WHEN instr(OLD.text, 'http://') OR instr(OLD.text, 'https://')
                THEN ' klink' ELSE '' END
        WHERE OLD.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        );
        INSERT INTO message_search (rowid, text, facets)
        SELECT (max(0, min(
            min(NEW.sent_at_ms, coalesce(NEW.received_at_ms, NEW.sent_at_ms)) / 1000, 8589934591
        )) << 30 | NEW.number), NEW.text,
            'c' || NEW.conversation || ' a' || lower(hex(NEW.author)) || ' k' || NEW.kind
            || CASE WHEN instr(NEW.text, 'http://') OR instr(NEW.text, 'https://')
                THEN ' klink' ELSE '' END
        WHERE NEW.kind NOT IN (
            'gap', 'undecryptable', 'unknown', 'notice', 'setting', 'deleted'
        );
    END;
CREATE TRIGGER message_stays BEFORE UPDATE OF id, conversation, order_key ON messages BEGIN
        SELECT raise(ABORT, 'a message never moves');
    END;
CREATE TRIGGER message_takes_along AFTER DELETE ON messages BEGIN
        DELETE FROM marks WHERE target = OLD.id;
        DELETE FROM trace WHERE message_id = OLD.id;
    END;
CREATE TRIGGER record_added AFTER INSERT ON records BEGIN
        INSERT INTO touched SELECT 1000 + NEW.kind, NEW."key" WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 1000 + NEW.kind AND "key" = NEW."key");
    END;
CREATE TRIGGER record_changed AFTER UPDATE ON records BEGIN
        INSERT INTO touched SELECT 1000 + NEW.kind, NEW."key" WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 1000 + NEW.kind AND "key" = NEW."key");
    END;
CREATE TRIGGER token_added AFTER INSERT ON tokens WHEN NEW.is_live BEGIN
        INSERT INTO touched SELECT 30, x'' WHERE NOT EXISTS (
            SELECT 1 FROM touched WHERE kind = 30);
    END;
INSERT INTO message_search (message_search, rank) VALUES ('secure-delete', 1);
