"""Plain PyTorch: for each offset a gather, a product and an add at the rows of the kernel map."""

import torch
from peer_files import Files, open_torch, sync, write  # noqa: F401


def open_peer(device, threads):
    global DEVICE
    version = open_torch(device, threads)
    DEVICE = torch.device(device)
    return version, device


class Layer:
    def __init__(self, folder, about):
        files = Files(folder, about)
        self.feats = files.features(DEVICE)
        self.weight = files.tensor("weight", DEVICE)
        table = files.tensor("map", DEVICE).long()
        self.shape = (table.shape[1], files.cout)
        self.pairs = []
        for offset, row in enumerate(table):
            out = torch.nonzero(row >= 0).flatten()
            if len(out) > 0:
                self.pairs.append((offset, row[out], out))

    def run(self, turn):
        feats = self.feats[turn % len(self.feats)]
        out = torch.zeros(self.shape, device=DEVICE)
        for offset, rows, into in self.pairs:
            out.index_add_(0, into, feats.index_select(0, rows) @ self.weight[offset])
        return out

    def write(self, out, folder):
        write(out, None, folder)
