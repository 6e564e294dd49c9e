"""Rows of the table: embeddings, the Hugging Face toolkit, and frameworks that serve a user's own model."""

from __future__ import annotations

from dataclasses import replace

from cfgen.resolve.container_kinds import INPUTS, ContainerKind, Default

_TEI = ContainerKind(
    name="huggingface-tei",
    title="Text Embeddings Inference (GPU)",
    serves="embedding",
    source="huggingface/text-embeddings-inference: sagemaker-entrypoint-cuda-all.sh, router/src/main.rs; "
    "awslabs/llm-hosting-container: huggingface/pytorch/tei/docker",
    fetches=True,  # into /opt/ml/model, by the image's own setting
    model_variable="HF_MODEL_ID",
    staged_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_TOKEN",
    dtype_variable="DTYPE",  # float16 on a GPU when absent
    least_capability=7.5,
    body=INPUTS,
)
_TOOLKIT = ContainerKind(
    name="huggingface",
    title="Hugging Face Inference Toolkit (PyTorch)",
    serves="general",
    source="aws/sagemaker-huggingface-inference-toolkit: mms_model_server.py, transformers_utils.py",
    fetches=True,
    # staged: HF_MODEL_ID must be absent, whatever stands in it is looked up on the hub
    model_variable="HF_MODEL_ID",
    revision_variable="HF_MODEL_REVISION",
    token_variable="HF_API_TOKEN",
    offline_variable="HF_HUB_OFFLINE",
    trust_remote_code_variable="HF_TRUST_REMOTE_CODE",
    task_variable="HF_TASK",
    program_variable="SAGEMAKER_PROGRAM",
    copy_each_vcpu=True,
    body=INPUTS,
)
_FRAMEWORK = ContainerKind(
    name="pytorch",
    title="PyTorch",
    serves="general",
    source="aws/sagemaker-inference-toolkit: environment.py",
    program_variable="SAGEMAKER_PROGRAM",
)

TOOLKITS = (
    _TEI,
    replace(_TEI, name="huggingface-tei-cpu", title="Text Embeddings Inference (CPU)", least_capability=0.0),
    _TOOLKIT,
    replace(
        _TOOLKIT,
        name="huggingface-neuronx",
        title="Hugging Face Inference Toolkit (Neuron)",
        source="aws/sagemaker-huggingface-inference-toolkit: optimum_utils.py",
        offline_variable="",
        max_length_variable="HF_OPTIMUM_SEQUENCE_LENGTH",
        default_length="512",
        copy_each_vcpu=False,
        extras=(Default("HF_OPTIMUM_BATCH_SIZE", "1", "the compiler needs a fixed batch size"),),
    ),
    _FRAMEWORK,
    replace(
        _FRAMEWORK,
        name="sklearn",
        title="scikit-learn",
        source="aws/sagemaker-scikit-learn-container: serving.py",
        needs_program=True,
        content_type="text/csv",
    ),
    # without a program it serves a model file of its own algorithm
    replace(
        _FRAMEWORK,
        name="xgboost",
        title="XGBoost",
        source="aws/sagemaker-xgboost-container: serving.py",
        content_type="text/csv",
    ),
    # finds code/inference.py by itself
    replace(
        _FRAMEWORK,
        name="tensorflow",
        title="TensorFlow Serving",
        source="aws/sagemaker-tensorflow-serving-container: docker/build_artifacts/sagemaker/serve.py",
        program_variable="",
        body={"instances": [[1.0, 2.0, 3.0]]},
    ),
    # finds the one model in the repository by itself
    replace(
        _FRAMEWORK,
        name="sagemaker-tritonserver",
        title="Triton Inference Server",
        source="triton-inference-server/server: docker/sagemaker/serve",
        program_variable="",
        content_type="application/octet-stream",
    ),
)
