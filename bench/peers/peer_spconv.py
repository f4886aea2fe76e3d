"""spconv 2.x, with the pairs of a layer made before: they stay in the tensor's indice_dict."""

import spconv
import spconv.pytorch as sp
import torch
from peer_files import Files, open_torch, rows_of, sync, write  # noqa: F401


def open_peer(device, threads):
    global DEVICE
    torch_version = open_torch(device, threads)
    DEVICE = torch.device(device)
    return f"{spconv.__version__}, torch {torch_version}", device


class Layer:
    def __init__(self, folder, about):
        files = Files(folder, about)
        coords = files.tensor("coords", DEVICE)
        feats = files.features(DEVICE)
        channels = {"bias": False, "indice_key": "layer"}
        if files.kind == "subm3":
            self.conv = sp.SubMConv3d(files.cin, files.cout, 3, **channels)
            first = tensor_of(feats[0], coords)
        elif files.kind == "down2":
            self.conv = sp.SparseConv3d(files.cin, files.cout, 2, stride=2, **channels)
            first = tensor_of(feats[0], coords)
        else:
            # The way up inverts a layer that went down: its pairs come from that one.
            self.conv = sp.SparseInverseConv3d(files.cin, files.cout, 2, **channels)
            fine = files.tensor("out_coords", DEVICE)
            down = sp.SparseConv3d(1, 1, 2, stride=2, **channels).to(DEVICE)
            first = down(tensor_of(torch.ones(len(fine), 1, device=DEVICE), fine))
            rows = rows_of(coords, first.indices)
            feats = [each[rows].contiguous() for each in feats]
        self.conv.weight = torch.nn.Parameter(files.tensor("weight", DEVICE))
        self.conv = self.conv.to(DEVICE).eval()
        first = first.replace_feature(feats[0])
        self.conv(first)
        self.inputs = [first.replace_feature(each) for each in feats]

    def run(self, turn):
        return self.conv(self.inputs[turn % len(self.inputs)])

    def write(self, out, folder):
        write(out.features, out.indices, folder)


def tensor_of(feats, coords):
    """Even sizes: the last voxel of an odd one would have no output in a layer of stride 2."""
    shape = [int(size) + 2 & ~1 for size in coords[:, 1:].max(0).values]
    return sp.SparseConvTensor(feats, coords, shape, int(coords[:, 0].max()) + 1)
