"""Workflows: calls of tools in order or side by side, each of which may use what earlier ones gave."""

from gateway.client.workflow.model import Workflow, read_workflow, workflow_from
from gateway.client.workflow.plan import checked
from gateway.client.workflow.report import Report, StepReport
from gateway.client.workflow.running import run

__all__ = ["Report", "StepReport", "Workflow", "checked", "read_workflow", "run", "workflow_from"]
