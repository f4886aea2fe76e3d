// bf16 and f16 by the register, included once per instruction set after Vec (kWidth floats) and
// half.inl: the conversions of half.inl on all lanes.
namespace vmk {
namespace {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};

typedef uint16_t HalfLanes __attribute__((vector_size(kWidth * 2), aligned(2), may_alias));
typedef uint32_t WordLanes __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

WordLanes words_of(Vec x) { return reinterpret_cast<WordLanes>(x); }
Vec floats_of(WordLanes x) { return reinterpret_cast<Vec>(x); }
WordLanes load_words(const void* from) {
  return __builtin_convertvector(*static_cast<const HalfLanes*>(from), WordLanes);
}

float to_float(float x) { return x; }
float to_float(Bf16 x) { return bf16_to_f32(x.bits); }
float to_float(F16 x) { return f16_to_f32(x.bits); }

Vec load_lanes(const float* from) { return *reinterpret_cast<const Vec*>(from); }
Vec load_lanes(const Bf16* from) { return floats_of(load_words(from) << 16); }
Vec load_lanes(const F16* from) {
  const WordLanes half = load_words(from), magnitude = half & 0x7fffu, wide = magnitude << 13;
  const WordLanes scaled = words_of(floats_of(wide) * 0x1p112f);
  const WordLanes value = magnitude >= 0x7c00u ? wide | 0x7f800000u : scaled;
  return floats_of(value | half >> 15 << 31);
}

WordLanes bf16_of(Vec x) {
  const WordLanes bits = words_of(x), rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  return (bits & 0x7fffffffu) > 0x7f800000u ? bits >> 16 | 0x40u : rounded;
}
WordLanes f16_of(Vec x) {
  const WordLanes bits = words_of(x), magnitude = bits & 0x7fffffffu;
  const WordLanes small = words_of(floats_of(magnitude) + 0.5f) - 0x3f000000u;
  const WordLanes normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13;
  WordLanes value = magnitude < 0x38800000u ? small : normal;
  value = magnitude >= 0x477ff000u ? value * 0u + 0x7c00u : value;
  value = magnitude > 0x7f800000u ? value * 0u + 0x7e00u : value;
  return value | (bits >> 16 & 0x8000u);
}
void store_half(uint16_t* to, Vec x, bool bf16) {
  *reinterpret_cast<HalfLanes*>(to) =
      __builtin_convertvector(bf16 ? bf16_of(x) : f16_of(x), HalfLanes);
}

}  // namespace
}  // namespace vmk
