-- schema 5
CREATE TABLE accounts (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        authority TEXT NOT NULL,
        account_id BLOB NOT NULL,
        generation INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        head BLOB NOT NULL,
        heartbeat BLOB, moved BLOB, quota_bytes INTEGER, is_blocked INTEGER DEFAULT 0 NOT NULL, is_awaited INTEGER DEFAULT 0 NOT NULL, seen_day INTEGER,
        UNIQUE (name)
    );
CREATE TABLE blobs (
        id BLOB NOT NULL,
        account INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        received_bytes INTEGER NOT NULL,
        expires_hour INTEGER NOT NULL,
        PRIMARY KEY (id),
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE
    ) WITHOUT ROWID
    ;
CREATE TABLE codes (
        number INTEGER NOT NULL,
        account INTEGER NOT NULL,
        lookup_id BLOB NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (number),
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE,
        UNIQUE (lookup_id)
    );
CREATE TABLE deposit_ids (
        segment INTEGER NOT NULL,
        "key" BLOB NOT NULL,
        PRIMARY KEY (segment, "key")
    ) WITHOUT ROWID
    ;
CREATE TABLE devices (
        number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        account INTEGER NOT NULL,
        signing_key BLOB NOT NULL,
        device_id BLOB NOT NULL,
        mailbox BLOB,
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE,
        UNIQUE (signing_key),
        UNIQUE (device_id),
        UNIQUE (mailbox)
    );
CREATE TABLE gone_names (
        hash BLOB NOT NULL,
        PRIMARY KEY (hash)
    ) WITHOUT ROWID
    ;
CREATE TABLE id_log (
        number INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        packed BLOB NOT NULL,
        PRIMARY KEY (number)
    );
CREATE TABLE id_segments (
        number INTEGER NOT NULL,
        hour INTEGER NOT NULL,
        PRIMARY KEY (number)
    );
CREATE TABLE invites (
        hash BLOB NOT NULL,
        uses_left INTEGER NOT NULL,
        expires_at_s INTEGER NOT NULL, quota_bytes INTEGER,
        PRIMARY KEY (hash)
    ) WITHOUT ROWID
    ;
CREATE TABLE manifests (
        account INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        manifest BLOB NOT NULL,
        PRIMARY KEY (account, sequence),
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE
    );
CREATE TABLE payloads (
        number INTEGER NOT NULL,
        payload BLOB NOT NULL,
        PRIMARY KEY (number)
    );
CREATE TABLE prekeys (
        device INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        id INTEGER NOT NULL,
        expires_at_s INTEGER NOT NULL,
        prekey BLOB NOT NULL,
        PRIMARY KEY (device, kind, id),
        FOREIGN KEY(device) REFERENCES devices (number) ON DELETE CASCADE
    );
CREATE TABLE relay_secrets (
        name TEXT NOT NULL,
        secret BLOB NOT NULL,
        PRIMARY KEY (name)
    );
CREATE TABLE relay_state (
        "key" TEXT NOT NULL,
        value INTEGER NOT NULL,
        PRIMARY KEY ("key")
    );
CREATE TABLE slots (
        slot BLOB NOT NULL,
        expires_minute INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (slot)
    );
CREATE TABLE tokens (
        account INTEGER NOT NULL,
        hash BLOB NOT NULL,
        is_live INTEGER NOT NULL,
        PRIMARY KEY (account, hash),
        FOREIGN KEY(account) REFERENCES accounts (number) ON DELETE CASCADE
    ) WITHOUT ROWID
    ;
CREATE TABLE waiting (
        seq INTEGER NOT NULL,
        device INTEGER NOT NULL,
        size_bytes INTEGER NOT NULL,
        expires_hour INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        id BLOB NOT NULL,
        shared INTEGER,
        payload BLOB,
        PRIMARY KEY (seq)
    );
CREATE TABLE wakes (
        device INTEGER NOT NULL,
        endpoint TEXT NOT NULL,
        PRIMARY KEY (device),
        FOREIGN KEY(device) REFERENCES devices (number) ON DELETE CASCADE
    );
CREATE INDEX blobs_by_account ON blobs (account);
CREATE INDEX blobs_by_expiry ON blobs (expires_hour);
CREATE INDEX codes_by_account ON codes (account);
CREATE INDEX devices_by_account ON devices (account);
CREATE INDEX slots_by_expiry ON slots (expires_minute);
CREATE INDEX waiting_by_device ON waiting (device);
CREATE INDEX waiting_by_expiry ON waiting (expires_hour);
CREATE INDEX waiting_by_shared ON waiting (shared) WHERE shared IS NOT NULL;
INSERT INTO relay_state VALUES ('epoch', 1);
