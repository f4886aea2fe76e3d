"""MinkowskiEngine 0.5, with its kernel maps made before: they stay in the coordinate manager."""

import MinkowskiEngine as ME
import torch
from peer_files import Files, open_torch, rows_of, sync, write  # noqa: F401


def open_peer(device, threads):
    global DEVICE
    torch_version = open_torch(device, threads)
    DEVICE = torch.device(device)
    return f"{ME.__version__}, torch {torch_version}", device


class Layer:
    def __init__(self, folder, about):
        files = Files(folder, about)
        coords = files.tensor("coords", DEVICE)
        feats = files.features(DEVICE)
        shape = {"kernel_size": 3 if files.kind == "subm3" else 2, "dimension": 3, "bias": False}
        shape["stride"] = 1 if files.kind == "subm3" else 2
        if files.kind == "up2":
            self.conv = ME.MinkowskiConvolutionTranspose(files.cin, files.cout, **shape)
            fine = files.tensor("out_coords", DEVICE)
            down = ME.MinkowskiConvolution(1, 1, **shape).to(DEVICE)
            first = down(ME.SparseTensor(torch.ones(len(fine), 1, device=DEVICE), fine))
            rows = rows_of(coords, first.C // coords.new_tensor([1, 2, 2, 2]))
            feats = [each[rows].contiguous() for each in feats]
        else:
            self.conv = ME.MinkowskiConvolution(files.cin, files.cout, **shape)
            first = ME.SparseTensor(feats[0], coords)
            # It may order the voxels anew.
            rows = rows_of(coords, first.C)
            feats = [each[rows].contiguous() for each in feats]
        # Coordinates stay in units of the finest level: those of a coarse output are halved.
        self.unit = torch.tensor([1, 2, 2, 2] if files.kind == "down2" else [1, 1, 1, 1])
        self.conv.kernel = torch.nn.Parameter(files.tensor("weight", DEVICE))
        self.conv = self.conv.to(DEVICE).eval()
        place = {"coordinate_map_key": first.coordinate_map_key}
        place["coordinate_manager"] = first.coordinate_manager
        self.inputs = [ME.SparseTensor(each, **place) for each in feats]

    def run(self, turn):
        return self.conv(self.inputs[turn % len(self.inputs)])

    def write(self, out, folder):
        write(out.F, out.C.cpu() // self.unit, folder)
