"""Every table, under one name: `from app.db import models`, then `models.Submission`."""

from app.db.models.access import AccessToken, Actor, AppUser, Assignment, Office, PublicLink, User
from app.db.models.actor_property import ActorProperty, ActorPropertyValue
from app.db.models.audit import Audit
from app.db.models.comment import Comment
from app.db.models.config import Config
from app.db.models.encryption import EncryptionKey
from app.db.models.entity import (
    Dataset,
    DatasetAccessRule,
    DatasetProperty,
    DatasetSource,
    Entity,
    EntityBacklog,
    EntityVersion,
    PropertySource,
)
from app.db.models.erasure import Erasure, SweepMark
from app.db.models.form import Form, FormAttachment, FormLink, FormVersion, Project
from app.db.models.hand_over import HandOver
from app.db.models.identity import ApiKey, Incident, RecoveryCode, SecondFactor, SecurityKey, WebauthnChallenge
from app.db.models.limits import Limit
from app.db.models.mail import Mail, PasswordReset
from app.db.models.outbox import Lease, Outbox
from app.db.models.preference import Preference
from app.db.models.reveal import LooseningApproval, RevealCount
from app.db.models.sealing import DataKey
from app.db.models.submission import Quarantine, Submission, SubmissionAttachment, SubmissionVersion

__all__ = [
    "AccessToken",
    "Actor",
    "ActorProperty",
    "ActorPropertyValue",
    "ApiKey",
    "AppUser",
    "Assignment",
    "Audit",
    "Comment",
    "Config",
    "DataKey",
    "Dataset",
    "DatasetAccessRule",
    "DatasetProperty",
    "DatasetSource",
    "EncryptionKey",
    "Entity",
    "EntityBacklog",
    "EntityVersion",
    "Erasure",
    "Form",
    "FormAttachment",
    "FormLink",
    "FormVersion",
    "HandOver",
    "Incident",
    "Lease",
    "Limit",
    "LooseningApproval",
    "Mail",
    "Office",
    "Outbox",
    "PasswordReset",
    "Preference",
    "Project",
    "PropertySource",
    "PublicLink",
    "Quarantine",
    "RecoveryCode",
    "RevealCount",
    "SecondFactor",
    "SecurityKey",
    "Submission",
    "SubmissionAttachment",
    "SubmissionVersion",
    "SweepMark",
    "User",
    "WebauthnChallenge",
]
