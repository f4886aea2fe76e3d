"""TorchSparse 2.1, with its kernel maps made before: they stay in the tensor's caches."""

import torch
import torchsparse
import torchsparse.nn as spnn
from peer_files import Files, open_torch, rows_of, sync, write  # noqa: F401


def open_peer(device, threads):
    global DEVICE
    torch_version = open_torch(device, threads)
    DEVICE = torch.device(device)
    return f"{torchsparse.__version__}, torch {torch_version}", device


class Layer:
    def __init__(self, folder, about):
        files = Files(folder, about)
        coords = files.tensor("coords", DEVICE)
        feats = files.features(DEVICE)
        size = 3 if files.kind == "subm3" else 2
        stride = 1 if files.kind == "subm3" else 2
        up = files.kind == "up2"
        self.conv = spnn.Conv3d(files.cin, files.cout, size, stride, transposed=up)
        first = torchsparse.SparseTensor(feats[0], coords)
        if up:
            # The way up needs the caches of a tensor that went down.
            fine = files.tensor("out_coords", DEVICE)
            down = spnn.Conv3d(1, 1, size, stride).to(DEVICE)
            first = down(torchsparse.SparseTensor(torch.ones(len(fine), 1, device=DEVICE), fine))
            rows = rows_of(coords, first.coords)
            feats = [each[rows].contiguous() for each in feats]
        self.conv.kernel = torch.nn.Parameter(files.tensor("weight", DEVICE))
        self.conv = self.conv.to(DEVICE).eval()
        self.inputs = [with_feats(first, each) for each in feats]

    def run(self, turn):
        return self.conv(self.inputs[turn % len(self.inputs)])

    def write(self, out, folder):
        write(out.feats, out.coords, folder)


def with_feats(tensor, feats):
    """The same voxels and caches with other features."""
    other = torchsparse.SparseTensor(feats, tensor.coords, tensor.stride)
    other._caches = tensor._caches
    return other
