#include "counted_rows.hpp"

#include <algorithm>

namespace vmk {

int64_t rows_there(int64_t n, const int64_t* rows) {
  if (!rows) return n;
  if (*rows < 0 || *rows > n)
    fail(VMK_INVALID_ARGUMENT, "Cannot map a network: coords has %lld rows, of which %lld should "
         "be there", static_cast<long long>(n), static_cast<long long>(*rows));
  return *rows;
}

// From the last row on: every row moves to where none that still has to move lies.
void spread(int32_t* map, int64_t kv, int64_t m, int64_t columns) {
  for (int64_t k = kv - 1; k >= 0; --k) {
    std::copy_backward(map + k * m, map + (k + 1) * m, map + k * columns + m);
    std::fill(map + k * columns + m, map + (k + 1) * columns, -1);
  }
}

}  // namespace vmk
