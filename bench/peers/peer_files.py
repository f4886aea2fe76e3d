"""The files of a layer as NumPy arrays, and what all peers on PyTorch share."""

import re

import numpy
import torch


class Files:
    """coords [N, 4] and out_coords [M, 4]: batch, x, y, z, each in units of its own level;
    feats [N, cin]; weight in the peer's own layout; map [KV, M]: rows of the input, -1 = none."""

    def __init__(self, folder, about):
        self.folder = folder
        self.kind = about["kind"]
        self.cin = about["cin"]
        self.cout = about["cout"]
        self.copies = about["copies"]

    def array(self, name):
        return numpy.load(f"{self.folder}/{name}.npy")

    def tensor(self, name, device):
        return torch.from_numpy(self.array(name)).to(device)

    def features(self, device):
        """Copies of the features that together do not fit the cache."""
        first = self.tensor("feats", device)
        return [first] + [first.clone() for _ in range(self.copies - 1)]


def open_torch(device, threads):
    """Threads and exact f32 products: TF32 would not pass the check. What PyTorch it is, with the
    BLAS it was built for: a slow one there is no fault of the engine, and should be seen."""
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("torch.cuda.is_available() is false")
    blas = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
    return f"{torch.__version__}, BLAS {blas.group(1) if blas else 'unknown'}"


def sync():
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def write(feats, coords, folder):
    """out.npy, and the coordinates of its rows where they may be in another order than ours."""
    numpy.save(f"{folder}/out.npy", feats.float().cpu().numpy())
    if coords is not None:
        numpy.save(f"{folder}/rows.npy", coords.int().cpu().numpy())


def rows_of(coords, wanted):
    """For each row of `wanted` its row in `coords`; both [N, 4] hold the same voxels."""
    order, target = (numpy.lexsort(c.cpu().numpy().T[::-1]) for c in (coords, wanted))
    rows = numpy.empty(len(order), numpy.int64)
    rows[target] = order
    return torch.from_numpy(rows).to(coords.device)
