"""E9621: alarms to a topic that CloudWatch cannot encrypt for."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM
from cfgen.lint.worlds import Resource

_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_OWN = "alias/aws/sns"


class AlarmTopicKey(Rule):
    """SNS's own key lets CloudWatch in no more than anybody can let it."""

    id = "E9621"
    shortdesc = "A topic of alarms is not encrypted with SNS's own key"
    description = (
        "CloudWatch needs kms:Decrypt and kms:GenerateDataKey on the key of the topic that an alarm tells. The policy "
        "of alias/aws/sns does not give them and cannot be changed: the alarm is raised and nobody is told."
    )
    fix = "use a key of your own whose policy allows cloudwatch.amazonaws.com, or none"
    source_url = "https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns"
    source_title = "How do I configure a CloudWatch alarm with an encrypted SNS topic?"
    tags = ("resources", "sns", "alarms", "kms")
    types = (ALARM, "AWS::CloudWatch::CompositeAlarm")

    def check(self, resource: Resource) -> Hits:
        """Topics of the same template."""
        for key in _ACTIONS:
            told = resource.properties.get(key)
            for action in told if isinstance(told, list) else ():
                topic = resource.world.target(action, "AWS::SNS::Topic")
                if topic is not None and topic.properties.get("KmsMasterKeyId") == _OWN:
                    yield resource.properties.where(key), f"'{topic.name}' is encrypted with {_OWN}"
