"""What one relay gives to whom: every limit with its default and the reason for it.

Rule: a limit's name here is its name in the settings file, and in what a client is told.
Spec: docs/relay.md, section 6.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from restante.protocol.limits import DEFAULT_TTL_S, MAX_TTL_S

Count = Annotated[int, Meta(ge=1, le=2**53)]


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one relay gives to whom. Bytes, seconds, counts; rates are per second."""

    mailbox_bytes: Count = 64 * 1024 * 1024
    """16,000 small envelopes for a device that is away: months of a busy conversation."""
    mailbox_envelopes: Count = 20_000
    """Rows cost more than their bytes: a bound of their own."""
    account_bytes: Count = 256 * 1024 * 1024
    """Waiting for all devices of one account: four of them away for months. An account's own quota
    stands in its place, where it was given one."""
    account_envelopes: Count = 80_000
    """As many for all devices of one account: four full mailboxes."""
    request_mailbox_envelopes: Count = 64
    """Strangers' envelopes waiting for one device: a screenful of requests, not a flood."""
    request_mailbox_bytes: Count = 1024 * 1024
    """64 hellos of 16 KiB."""
    request_connection_bytes: Count = 80 * 1024
    """What one connection may leave for one device without a token: a hello and 64 KiB."""
    max_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = MAX_TTL_S
    """The longest that an envelope waits, whatever its sender asks; the protocol allows no more."""
    default_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = DEFAULT_TTL_S
    """For a sender who doesn't say: a month's holiday."""
    connections: Count = 20_000
    """About 1 GiB of connections at 45 KiB each."""
    connections_per_network: Count = 256
    """A household, an office or a small exit node; one address can't take them all."""
    connects_per_network: Count = 50
    """Connections a second from one network; twice as many at once, for an office that comes
    back after an outage."""
    deposits_per_network: Count = 2_000
    """Envelopes a second from one network (an IPv4 address or an IPv6 /64): one group of 1,000
    people with two devices; twice as many at once."""
    deposits_per_mailbox: Count = 1_000
    """Envelopes a second from contacts into one mailbox, from all networks together; twenty times
    as many at once, so that a full mailbox's worth of them is never held up."""
    requests_per_mailbox: Count = 1
    """Strangers' envelopes a second for one recipient, from all networks together; as many at once
    as its request lane holds. Told alike whether or not there is such a mailbox."""
    requests_per_account: Count = 20
    """Requests a second of all devices of one account, parts of blobs apart; twenty times as many
    at once: a recovery or a linking makes some dozens."""
    blob_parts_per_account: Count = 100
    """Parts of blobs a second put by all devices of one account, of up to 256 KiB: 25 MiB/s, more
    than a home's line carries; ten times as many at once."""
    requests_per_network: Count = 20
    """Strangers' envelopes, look-ups of codes and registrations a second from one network."""
    request_burst: Count = 64
    """So many of them at once: who scans a roomful of codes isn't held up."""
    fetches_per_network: Count = 100
    """Manifests, prekeys and mailboxes looked up a second for one network; ten times as many at
    once, for who comes back to many contacts."""
    refusals_per_network: Count = 50
    """Frames a second of one network that are told to slow down; ten times as many at once. Who
    goes on past them is read no faster than a frame a second on each connection."""
    one_time_per_account: Count = 1
    """One-time prekeys a second handed out for one account: a contact that asks for more gets the
    last-resort ones, and can't drain the rest's."""
    one_time_burst: Count = 64
    """So many at once: all devices of a group's members who come to know each other."""
    targets_per_frame: Count = 4096
    """Targets of all items of one deposit: two groups of 1,000 people with two devices."""
    one_time_prekeys: Count = 200
    """Public one-time prekeys kept for one device, of each kind."""
    manifests_kept: Count = 4096
    """Links of an account's chain: one a day for eleven years."""
    codes_per_account: Count = 16
    """Contact codes, the newest: more than anybody keeps in use."""
    slots: Count = 10_000
    """Slots at a time, of 16 KiB: a linking takes four, and 160 MB are more than it ever needs."""
    slots_per_network: Count = 1
    """Slots a second put by one network; forty times as many at once. No network alone can fill
    them all within their ten minutes."""
    blob_max_bytes: Count = 6 * 1024**3
    """The largest blob: a file of 5 GiB, sealed and padded."""
    blobs_bytes_per_account: Count = 6 * 1024**3
    """Announced for all blobs of one account: one of the largest, or some thousand pictures."""
    blobs_per_account: Count = 4096
    """Each is a file, however small."""
    blob_ttl_s: Annotated[int, Meta(ge=60, le=MAX_TTL_S)] = DEFAULT_TTL_S
    """The longest that a blob is kept: as long as an envelope waits, unless it asks for more."""
    blobs_bytes: Annotated[int, Meta(ge=0)] = 0
    """Announced for all blobs of all accounts; 0 for as long as the disk has room."""
    blobs_leave_bytes: Annotated[int, Meta(ge=0)] = 256 * 1024**2
    """Room on the disk that blobs leave to the database: who fills it up stops no message."""
    unacked_bytes: Count = 4 * 1024 * 1024
    """Delivered to one device and not acked yet: what a slow reader costs in memory."""
    wake_after_s: Annotated[int, Meta(ge=0, le=3600)] = 3
    """From an envelope for a device that is away to its waking: who is just coming back isn't
    woken, and what comes together wakes once."""
    wake_every_s: Count = 60
    """Between two wakings of a device; twice as long each time as long as it doesn't come."""
    wakes_waiting: Count = 10_000
    """Devices to be woken at a time; beyond them nobody is until there is room."""
    wakes_per_host: Count = 20
    """Wakings a second at one push server; ten times as many at once. No relay is to be what
    floods somebody else."""
    handshake_s: Count = 10
    """From a connection to its welcome: some round trips of a slow satellite."""
    message_s: Count = 30
    """From the first byte of a message to its last."""
    idle_s: Count = 90
    """Three pings missed: whoever is silent for so long is gone."""
    write_s: Count = 20
    """For 64 KiB into the network: who reads slower is cut off, and gets the rest from the disk."""
    awaited_retry_s: Count = 60
    """After a restore: when to try again with what is for an account that hasn't been back yet."""
    going_away_s: Count = 10
    """How long a stopping relay waits for its connections to end by themselves."""
    database_bytes: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """Most that the database file may grow to; 0 for as long as the disk has room."""
    deposits_leave_bytes: Annotated[int, Meta(ge=0, le=2**53)] = 64 * 1024 * 1024
    """Room on the database's disk that deposits leave: an ack needs some of it before it frees any.
    So where messages have filled the disk there is room again as soon as they are fetched."""
