// fuzz_test.cc on the library that it is linked with: meant for the emulated CUDA library, where a
// kernel that leaves its tensors, reads what nothing has written or races kills the context.
#include <cstdio>
#include <cstdlib>

#include "voxmark.h"

extern "C" int fuzz(vmk_ctx* ctx, unsigned seed, int rounds);
int test_tiles();  // cuda_tiles_test.cc

int main(int argc, char** argv) {
  const int seeds = argc > 1 ? std::atoi(argv[1]) : 300;
  constexpr int kRounds = 30;
  int failures = test_tiles();
  for (int seed = 1; seed <= seeds; ++seed) {
    vmk_ctx* ctx = vmk_ctx_new(0, 0);
    if (!ctx) return std::fprintf(stderr, "no device\n"), 2;
    failures += fuzz(ctx, static_cast<unsigned>(seed), kRounds);
    if (vmk_sync(ctx) == VMK_DEVICE_ERROR) {
      char text[1024];
      vmk_last_error(ctx, text, sizeof text);
      std::fprintf(stderr, "seed %d: %s\n", seed, text);
      ++failures;
    }
    vmk_ctx_free(ctx);
  }
  std::printf("%d seeds, %d failures\n", seeds, failures);
  return failures > 0;
}
