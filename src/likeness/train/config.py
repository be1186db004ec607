"""The settings of one training run."""

from __future__ import annotations

import hashlib
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from likeness.train.device import Precision

BUDGET = {"epochs", "seconds", "patience", "checkpoint_steps", "log_steps", "device"}  # a resumed run may change these


class LoopConfig(BaseModel):
    """Settings of `fit_loop`; an optimiser step is one update of the weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=20, ge=1, description="Most passes over the batches.")
    steps: int | None = Field(default=None, ge=1, description="Most optimiser steps; the length of a cosine.")
    seconds: float | None = Field(default=None, gt=0, description="Wall clock for training, resumed parts summed.")
    learning_rate: float = Field(default=1e-3, gt=0, description="Peak rate of AdamW.")
    weight_decay: float = Field(default=0.01, ge=0, description="Decoupled decay of AdamW, per unit of rate.")
    decay_all: bool = Field(default=False, description="Decay norms, biases and embeddings too.")
    betas: tuple[float, float] = Field(default=(0.9, 0.999), description="Memories of AdamW's two moments.")
    warm_up: int = Field(default=100, ge=0, description="Steps over which the rate rises linearly from near 0.")
    schedule: Literal["constant", "cosine"] = Field(default="constant", description="Rate after the warm-up.")
    final_rate: float = Field(default=0.0, ge=0, le=1, description="Share of the peak rate where the cosine ends.")
    clip: float | None = Field(default=1.0, gt=0, description="Largest norm of a step's gradient; none: no clipping.")
    accumulate: int = Field(default=1, ge=1, description="Batches whose gradients make one step.")
    precision: Precision = Field(default="auto", description="Numbers of the forward pass; auto: bfloat16 if native.")
    average: float | None = Field(default=None, gt=0, lt=1, description="Memory of averaged weights per step.")
    patience: int | None = Field(default=3, ge=1, description="Validations without a gain before stopping.")
    validate_epochs: int = Field(default=1, ge=1, description="Epochs between validations.")
    checkpoint_steps: int | None = Field(default=None, ge=1, description="Steps between checkpoints within an epoch.")
    log_steps: int = Field(default=50, ge=1, description="Steps between points of the learning curve.")
    device: str = Field(default="auto", description="auto, cpu or cuda.")

    @model_validator(mode="after")
    def _cosine_has_a_length(self) -> Self:
        if self.schedule == "cosine" and self.steps is None:
            raise ValueError("schedule 'cosine' needs `steps`: give epochs x batches / accumulate")
        return self

    def digest(self, seed: int) -> str:
        """Return what must be equal for a checkpoint to be resumed: every setting but the budget, and the seed."""
        text = f"{seed} {self.model_dump_json(exclude=BUDGET)}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
