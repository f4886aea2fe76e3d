/* The ABI as a C99 program sees it: only voxmark.h, every kind of call once, every handle freed. */
#include "voxmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fuzz(vmk_ctx* ctx, unsigned seed, int rounds); /* fuzz_test.cc */

static int failures = 0;

static void expect(int ok, const char* what) {
  if (ok) return;
  ++failures;
  printf("FAILED: %s\n", what);
}

static vmk_tensor* tensor(vmk_ctx* ctx, vmk_dtype dtype, int64_t rows, int64_t columns) {
  const int64_t shape[2] = {rows, columns};
  return vmk_tensor_new(ctx, dtype, columns ? 2 : 1, shape);
}

static void test_convolution(vmk_ctx* ctx) {
  const int32_t rows[8] = {0, 0, 0, 0, 0, 0, 0, 1};
  const int32_t cube3[9] = {3, 3, 3, 1, 1, 1, 1, 1, 1};
  const int64_t weight_shape[3] = {27, 1, 1};
  float ones[27], out[2];
  int32_t variant;
  vmk_tensor* coords = tensor(ctx, VMK_I32, 2, 4);
  vmk_tensor* map = tensor(ctx, VMK_I32, 27, 2);
  vmk_tensor* feats = tensor(ctx, VMK_F32, 2, 1);
  vmk_tensor* weight = vmk_tensor_new(ctx, VMK_F32, 3, weight_shape);
  vmk_tensor* result = tensor(ctx, VMK_F32, 2, 1);
  for (variant = 0; variant < 27; ++variant) ones[variant] = 1;
  expect(vmk_upload(ctx, coords, rows, sizeof rows) == VMK_OK, "upload coords");
  expect(vmk_upload(ctx, feats, ones, 2 * sizeof *ones) == VMK_OK, "upload feats");
  expect(vmk_upload(ctx, weight, ones, sizeof ones) == VMK_OK, "upload weight");
  expect(vmk_kernel_map(ctx, 0, coords, coords, map, cube3) == VMK_OK, "kernel map");
  for (variant = 0; variant < 8; ++variant) {
    const vmk_status status =
        vmk_sparse_conv(ctx, variant, feats, weight, map, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                        result, VMK_ACT_NONE, 0);
    if (status != VMK_OK) continue; /* not there, or needs pairs */
    expect(vmk_download(ctx, out, result, sizeof out) == VMK_OK, "download");
    expect(out[0] == 2 && out[1] == 2, "two voxels see each other");
  }
  vmk_tensor_free(coords);
  vmk_tensor_free(map);
  vmk_tensor_free(feats);
  vmk_tensor_free(weight);
  vmk_tensor_free(result);
}

static void test_plan(vmk_ctx* ctx) {
  float values[2] = {1, 2};
  vmk_tensor* x = tensor(ctx, VMK_F32, 1, 2);
  vmk_tensor* sum = tensor(ctx, VMK_F32, 1, 2);
  vmk_plan* plan = vmk_plan_begin(ctx);
  expect(plan != NULL && vmk_plan_begin(ctx) == NULL, "plans do not nest");
  expect(vmk_upload(ctx, x, values, sizeof values) == VMK_OK, "recorded upload");
  expect(vmk_affine(ctx, 0, x, NULL, NULL, x, sum, VMK_ACT_NONE, 0) == VMK_OK, "recorded op");
  expect(vmk_plan_end(ctx, plan) == VMK_OK, "plan ends");
  values[0] = values[1] = 0;
  expect(vmk_upload(ctx, sum, values, sizeof values) == VMK_OK, "upload");
  expect(vmk_plan_run(ctx, plan) == VMK_OK, "plan runs");
  expect(vmk_download(ctx, values, sum, sizeof values) == VMK_OK, "download");
  expect(values[0] == 2 && values[1] == 4, "a plan computes");
  vmk_tensor_free(x);
  expect(vmk_plan_run(ctx, plan) == VMK_INVALID_ARGUMENT, "a freed tensor is noticed");
  vmk_tensor_free(sum);
  vmk_plan_free(plan);
  vmk_plan_free(NULL);
}

static void test_errors(vmk_ctx* ctx) {
  char text[64], tiny[4];
  vmk_tensor* wrong = tensor(ctx, VMK_F32, 2, 3);
  vmk_tensor* keys = tensor(ctx, VMK_I64, 4, 0);
  vmk_tensor* rows = tensor(ctx, VMK_I32, 4, 0);
  expect(vmk_hash_insert(ctx, 0, wrong, keys, rows) == VMK_INVALID_ARGUMENT, "dtype is refused");
  expect(vmk_last_error(ctx, text, sizeof text) > 0, "an error has a text");
  expect(strstr(text, "coords") != NULL, "the text names the argument");
  vmk_last_error(ctx, tiny, sizeof tiny);
  expect(strlen(tiny) == 3, "a text is cut to the buffer");
  expect(vmk_hash_insert(ctx, 0, NULL, keys, rows) == VMK_INVALID_ARGUMENT, "NULL is refused");
  expect(vmk_hash_insert(NULL, 0, wrong, keys, rows) == VMK_INVALID_ARGUMENT, "no context");
  expect(vmk_live_tensors(ctx) == 3, "tensors are counted");
  vmk_tensor_free(wrong);
  vmk_tensor_free(keys);
  vmk_tensor_free(rows);
  vmk_tensor_free(NULL);
  vmk_ctx_free(NULL);
}

/* The first argument is the number of random calls a context; thread checkers want few. */
int main(int argc, char** argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 2000;
  int32_t threads;
  expect(vmk_abi_version() == VMK_ABI_VERSION, "ABI version");
  expect(vmk_ctx_new(99, 1) == NULL, "no device 99");
  for (threads = 1; threads <= 4; ++threads) {
    vmk_ctx* ctx = vmk_ctx_new(0, threads);
    expect(ctx != NULL, "a context");
    test_convolution(ctx);
    test_plan(ctx);
    test_errors(ctx);
    failures += fuzz(ctx, (unsigned)threads, rounds);
    expect(vmk_live_tensors(ctx) == 0, "every tensor is freed");
    vmk_ctx_free(ctx);
  }
  printf("native tests: %d failed\n", failures);
  return failures != 0;
}
