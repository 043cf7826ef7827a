"""What everyone sees of the engine: the TUI in process, commands and scripts over its socket.

Rule: values, events and methods, and nothing behind them: no key, no SQL, no socket, no Textual.
Spec: docs/engine.md, docs/rpc.md and docs/cli-json.schema.json.
"""

from restante.client.interface.backup_values import Backup as Backup
from restante.client.interface.backup_values import BackupChecked as BackupChecked
from restante.client.interface.backup_values import BackupMade as BackupMade
from restante.client.interface.backup_values import BackupRestored as BackupRestored
from restante.client.interface.backup_values import BackupSchedule as BackupSchedule
from restante.client.interface.backup_values import BundleMade as BundleMade
from restante.client.interface.backup_values import BundleTaken as BundleTaken
from restante.client.interface.backup_values import ImportedText as ImportedText
from restante.client.interface.backup_values import ImportResult as ImportResult
from restante.client.interface.engine import Engine as Engine
from restante.client.interface.engine import EventStream as EventStream
from restante.client.interface.events import BackupProgress as BackupProgress
from restante.client.interface.events import ConversationChanged as ConversationChanged
from restante.client.interface.events import DevicesChanged as DevicesChanged
from restante.client.interface.events import Event as Event
from restante.client.interface.events import LinkChanged as LinkChanged
from restante.client.interface.events import Locked as Locked
from restante.client.interface.events import MessageAdded as MessageAdded
from restante.client.interface.events import MessageChanged as MessageChanged
from restante.client.interface.events import ReceivedEvent as ReceivedEvent
from restante.client.interface.events import Resync as Resync
from restante.client.interface.events import StatusChanged as StatusChanged
from restante.client.interface.events import TransferProgress as TransferProgress
from restante.client.interface.events import TypingChanged as TypingChanged
from restante.client.interface.keeping import Protection as Protection
from restante.client.interface.values import AccountDeleted as AccountDeleted
from restante.client.interface.values import Audit as Audit
from restante.client.interface.values import AuditTable as AuditTable
from restante.client.interface.values import Card as Card
from restante.client.interface.values import ConnectionPhase as ConnectionPhase
from restante.client.interface.values import Consumer as Consumer
from restante.client.interface.values import Contact as Contact
from restante.client.interface.values import ContactState as ContactState
from restante.client.interface.values import Conversation as Conversation
from restante.client.interface.values import ConversationKey as ConversationKey
from restante.client.interface.values import DeadLetter as DeadLetter
from restante.client.interface.values import Device as Device
from restante.client.interface.values import DeviceLink as DeviceLink
from restante.client.interface.values import HistoryState as HistoryState
from restante.client.interface.values import KeyGrant as KeyGrant
from restante.client.interface.values import LinkState as LinkState
from restante.client.interface.values import Mentioned as Mentioned
from restante.client.interface.values import Message as Message
from restante.client.interface.values import MessageState as MessageState
from restante.client.interface.values import NewKey as NewKey
from restante.client.interface.values import Place as Place
from restante.client.interface.values import Quoted as Quoted
from restante.client.interface.values import Reacted as Reacted
from restante.client.interface.values import Received as Received
from restante.client.interface.values import RecoveryKit as RecoveryKit
from restante.client.interface.values import SafetyNumber as SafetyNumber
from restante.client.interface.values import Scheduled as Scheduled
from restante.client.interface.values import Sender as Sender
from restante.client.interface.values import Status as Status
from restante.client.interface.values import TraceLine as TraceLine
from restante.client.interface.values import Trust as Trust
from restante.client.interface.values import Version as Version
from restante.client.interface.values import View as View
from restante.client.interface.values import Why as Why
