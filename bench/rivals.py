"""The same network in PyTorch and in ONNX Runtime."""

from collections.abc import Callable, Iterable

import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from model.layers import Conv2d, Layer, Linear, MaxPool2d, ReLU
from model.network import Network


def torch_modules(network: Network, channels_last: bool) -> nn.ModuleList:
    """One module for each layer, with the same weights."""
    modules = nn.ModuleList(_torch_module(layer) for layer in network.layers.values())
    return modules.to(memory_format=torch.channels_last) if channels_last else modules


def _torch_module(layer: Layer) -> nn.Module:
    match layer:
        case Conv2d():
            filters, channels, *kernel = layer.weight.shape
            convolution = nn.Conv2d(channels, filters, kernel, stride=layer.stride, padding=layer.padding)
            convolution.weight.data = torch.from_numpy(layer.weight.copy())
            convolution.bias.data = torch.from_numpy(layer.bias.copy())
            return convolution
        case ReLU():
            return nn.ReLU()
        case MaxPool2d():
            return nn.MaxPool2d(layer.size)
        case Linear():
            linear = nn.Linear(layer.weight[0].size, len(layer.bias))
            linear.weight.data = torch.from_numpy(layer.weight.reshape(len(layer.bias), -1).copy())
            linear.bias.data = torch.from_numpy(layer.bias.copy())
            return nn.Sequential(nn.Flatten(), linear)
        case _:
            return nn.Softmax(dim=1)


def torch_trace(modules: Iterable[nn.Module], images: torch.Tensor) -> list[torch.Tensor]:
    """Every layer's output, kept."""
    outputs = []
    for module in modules:
        images = module(images)
        outputs.append(images)
    return outputs


def torch_training_step(network: Network, images: torch.Tensor, labels: torch.Tensor) -> Callable[[], None]:
    """Forward, cross-entropy, backward and AdamW; the memory format is that of the images."""
    channels_last = images.is_contiguous(memory_format=torch.channels_last)
    modules = list(torch_modules(network, channels_last))[:-1]
    optimizer = torch.optim.AdamW([each for module in modules for each in module.parameters()], lr=1e-3, foreach=True)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        logits = images
        for module in modules:
            logits = module(logits)
        nn.functional.cross_entropy(logits, labels, label_smoothing=0.05).backward()
        optimizer.step()

    return step


def onnx_session(network: Network, count: int, threads: int) -> onnxruntime.InferenceSession:
    """A session that returns every layer's output for a fixed number of images."""
    nodes, weights, outputs = [], [], []
    before = "images"
    for name, layer in network.layers.items():
        channels, height, width = network.output_shapes[name]
        shape = [count, channels, height, width]
        match layer:
            case Conv2d():
                weights += [(f"{name}.weight", layer.weight), (f"{name}.bias", layer.bias)]
                nodes.append(
                    helper.make_node(
                        "Conv",
                        [before, f"{name}.weight", f"{name}.bias"],
                        [name],
                        pads=layer.padding * 2,
                        strides=layer.stride,
                    )
                )
            case ReLU():
                nodes.append(helper.make_node("Relu", [before], [name]))
            case MaxPool2d():
                size = layer.size
                nodes.append(helper.make_node("MaxPool", [before], [name], kernel_shape=size, strides=size))
            case Linear():
                flat = layer.weight.reshape(len(layer.bias), -1)
                weights += [(f"{name}.weight", flat), (f"{name}.bias", layer.bias)]
                nodes.append(helper.make_node("Flatten", [before], [f"{name}.flat"]))
                operands = [f"{name}.flat", f"{name}.weight", f"{name}.bias"]
                nodes.append(helper.make_node("Gemm", operands, [name], transB=1))
                shape = shape[:2]
            case _:
                nodes.append(helper.make_node("Softmax", [before], [name], axis=1))
                shape = shape[:2]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        before = name
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [count, *network.input_shape])],
        outputs,
        [numpy_helper.from_array(array, name) for name, array in weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
