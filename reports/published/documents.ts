/** Where published tables come from, in the order of the index. */
export const DOCUMENTS = {
  "spvnas-readme": "SPVNAS, README of the code release",
  "spvnas-paper":
    "Searching Efficient 3D Architectures with Sparse Point-Voxel Convolution, ECCV 2020",
  thesis:
    "Efficient Deep Learning with Sparsity: Algorithms, Systems, and Applications, thesis, MIT 2024",
  "torchsparse-pp": "TorchSparse++, MICRO 2023: project page and figures of the code release",
  diet: "Putting 3D Spatially Sparse Networks on a Diet, arXiv 2112.01316",
  minuet: "Minuet, EuroSys 2024: README of the code release",
  spconv: "spconv, docs/BENCHMARK.md",
  flexgemm: "FlexGEMM, README",
  mmdet3d: "MMDetection3D, configs/minkunet/README.md",
  "flatformer-readme": "FlatFormer, README of the code release",
  libspconv: "libspconv, performance logs of the code release",
} as const;

export type DocumentKey = keyof typeof DOCUMENTS;
