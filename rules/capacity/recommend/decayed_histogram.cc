// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/recommend/decayed_histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace outrider {
namespace {

constexpr double kRatio = 1.05;
constexpr double kEpsilon = 1e-4;  // a bucket below counts as empty
constexpr DurationMs kHalfLife = kDay;
constexpr int64_t kMaxExponent = 100;
constexpr Timestamp kLatest = 1'000'000 * kDay;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// To the next multiple of the half-life, halves upwards.
Timestamp RoundToHalfLife(Timestamp time) {
  return FloorDiv(time + kHalfLife / 2, kHalfLife) * kHalfLife;
}

std::array<double, kBuckets> MakeStarts() {
  std::array<double, kBuckets> starts = {};
  for (size_t n = 1; n < kBuckets; ++n) {
    starts[n] = PowAsGo(kRatio, static_cast<int>(n)) - 1;
  }
  return starts;
}

}  // namespace

double Exp2AsGo(double x) {
  // 2^x = 2^k * e^r, |r| <= ln(2)/2, with the remainder polynomial of FreeBSD's e_exp.c.
  constexpr double kLn2Hi = 6.93147180369123816490e-01;
  constexpr double kLn2Lo = 1.90821492927058770002e-10;
  constexpr double kP1 = 1.66666666666666657415e-01;
  constexpr double kP2 = -2.77777777770155933842e-03;
  constexpr double kP3 = 6.61375632143793436117e-05;
  constexpr double kP4 = -1.65339022054652515390e-06;
  constexpr double kP5 = 4.13813679705723846039e-08;
  if (x > 1.0239999999999999e+03) return HUGE_VAL;
  if (x < -1.0740e+03) return 0;
  const int k = static_cast<int>(x > 0 ? x + 0.5 : x - 0.5);
  const double rest = x - k;
  const double hi = rest * kLn2Hi;
  const double lo = -rest * kLn2Lo;
  const double r = hi - lo;
  const double t = r * r;
  const double c = r - t * (kP1 + t * (kP2 + t * (kP3 + t * (kP4 + t * kP5))));
  const double y = 1 - ((lo - (r * c) / (2 - c)) - hi);
  // Exact where 2^k is a usual number: ldexp() takes as long as all the rest.
  constexpr int kUsual = 1000;
  if (k < -kUsual || k > kUsual) return std::ldexp(y, k);
  return y * std::bit_cast<double>(static_cast<uint64_t>(1023 + k) << 52U);
}

double PowAsGo(double x, int n) {
  if (std::isinf(x)) return n < 0 ? 0 : x;
  double result = 1;
  int exponent = 0;
  int x_exponent = 0;
  double square = std::frexp(x, &x_exponent);
  for (int i = std::abs(n); i != 0; i >>= 1) {
    if ((i & 1) == 1) {
      result *= square;
      exponent += x_exponent;
    }
    square *= square;
    x_exponent *= 2;
    if (square < .5) {
      square += square;
      --x_exponent;
    }
  }
  if (n < 0) {
    result = 1 / result;
    exponent = -exponent;
  }
  return std::ldexp(result, exponent);
}

size_t BucketScheme::Find(double value) const {
  if (!(value >= first)) return 0;
  static const double kLogRatio = std::log(kRatio);
  const double bucket = std::log(value * (kRatio - 1) / first + 1) / kLogRatio;
  return std::min(kBuckets - 1, static_cast<size_t>(std::min(bucket, 1e3)));
}

double BucketScheme::Start(size_t bucket) const {
  static const std::array<double, kBuckets> kStarts = MakeStarts();
  return first * kStarts[bucket] / (kRatio - 1);
}

template <typename Weight>
DecayedHistogram<Weight>::DecayedHistogram(const DecayedHistogram& other) {
  *this = other;
}

template <typename Weight>
DecayedHistogram<Weight>& DecayedHistogram<Weight>::operator=(const DecayedHistogram& other) {
  if (this == &other) return *this;
  weights_ = other.count_ > 0 ? std::make_unique<Weight[]>(other.count_) : nullptr;
  std::copy_n(other.weights_.get(), other.count_, weights_.get());
  total_ = other.total_;
  reference_ = other.reference_;
  first_ = other.first_;
  count_ = other.count_;
  min_bucket_ = other.min_bucket_;
  max_bucket_ = other.max_bucket_;
  return *this;
}

template <typename Weight>
Weight& DecayedHistogram<Weight>::Slot(size_t bucket) {
  if (count_ > 0 && bucket >= first_ && bucket < size_t{first_} + count_) {
    return weights_[bucket - first_];
  }
  const size_t begin = count_ == 0 ? bucket : std::min<size_t>(first_, bucket);
  const size_t end = count_ == 0 ? bucket + 1 : std::max<size_t>(first_ + count_, bucket + 1);
  auto grown = std::make_unique<Weight[]>(end - begin);
  std::copy_n(weights_.get(), count_, grown.get() + (count_ == 0 ? 0 : first_ - begin));
  weights_ = std::move(grown);
  first_ = static_cast<uint8_t>(begin);
  count_ = static_cast<uint8_t>(end - begin);
  return weights_[bucket - begin];
}

template <typename Weight>
double DecayedHistogram<Weight>::WeightOf(size_t bucket) const {
  if (bucket < first_ || bucket >= size_t{first_} + count_) return 0;
  return static_cast<double>(weights_[bucket - first_]);
}

template <typename Weight>
void DecayedHistogram<Weight>::FitEnds() {
  while (min_bucket_ < kBuckets - 1 && WeightOf(min_bucket_) < kEpsilon) ++min_bucket_;
  while (max_bucket_ > 0 && WeightOf(max_bucket_) < kEpsilon) --max_bucket_;
}

template <typename Weight>
void DecayedHistogram<Weight>::ShiftReference(Timestamp time) {
  const Timestamp to = RoundToHalfLife(time);
  if (reference_ == INT64_MIN) {
    reference_ = to;
    return;
  }
  const int64_t halvings = std::clamp<int64_t>((to - reference_) / kHalfLife, -2000, 2000);
  const double scale = std::ldexp(1.0, static_cast<int>(-halvings));
  // As VPA: only what lies between the first and the last bucket that is not empty.
  for (size_t bucket = min_bucket_; bucket <= max_bucket_; ++bucket) {
    if (bucket >= first_ && bucket < size_t{first_} + count_) {
      weights_[bucket - first_] = static_cast<Weight>(WeightOf(bucket) * scale);
    }
  }
  total_ *= scale;
  FitEnds();
  reference_ = to;
}

template <typename Weight>
double DecayedHistogram<Weight>::Decay(Timestamp time) {
  if (reference_ == INT64_MIN || time > reference_ + kMaxExponent * kHalfLife) ShiftReference(time);
  return Exp2AsGo(static_cast<double>(time - reference_) / static_cast<double>(kHalfLife));
}

template <typename Weight>
void DecayedHistogram<Weight>::Add(size_t bucket, Timestamp time, double weight) {
  AddDecayed(bucket, weight * Decay(time));
}

template <typename Weight>
void DecayedHistogram<Weight>::AddDecayed(size_t bucket, double decayed) {
  Weight& slot = Slot(bucket);
  slot = static_cast<Weight>(static_cast<double>(slot) + decayed);
  total_ += decayed;
  if (static_cast<double>(slot) < kEpsilon) return;
  min_bucket_ = std::min(min_bucket_, static_cast<uint8_t>(bucket));
  max_bucket_ = std::max(max_bucket_, static_cast<uint8_t>(bucket));
}

template <typename Weight>
void DecayedHistogram<Weight>::Subtract(size_t bucket, Timestamp time, double weight) {
  const double decayed = weight * Decay(time);
  const auto less = [decayed](double from) {
    return from - decayed < kEpsilon ? 0.0 : from - decayed;
  };
  total_ = less(total_);
  Weight& slot = Slot(bucket);
  slot = static_cast<Weight>(less(static_cast<double>(slot)));
  FitEnds();
}

template <typename Weight>
void DecayedHistogram<Weight>::Merge(DecayedHistogram other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = std::move(other);
    return;
  }
  if (reference_ < other.reference_) ShiftReference(other.reference_);
  if (other.reference_ < reference_) other.ShiftReference(reference_);
  for (size_t bucket = other.min_bucket_; bucket <= other.max_bucket_; ++bucket) {
    const double weight = other.WeightOf(bucket);
    if (weight <= 0) continue;
    Weight& slot = Slot(bucket);
    slot = static_cast<Weight>(static_cast<double>(slot) + weight);
  }
  total_ += other.total_;
  min_bucket_ = std::min(min_bucket_, other.min_bucket_);
  max_bucket_ = std::max(max_bucket_, other.max_bucket_);
}

template <typename Weight>
bool DecayedHistogram<Weight>::IsEmpty() const {
  return WeightOf(min_bucket_) < kEpsilon;
}

template <typename Weight>
double DecayedHistogram<Weight>::UpperPercentile(const BucketScheme& scheme, double p) const {
  if (IsEmpty()) return 0;
  const double wanted = p * total_;
  double below = 0;
  size_t bucket = min_bucket_;
  for (; bucket < max_bucket_; ++bucket) {
    below += WeightOf(bucket);
    if (below >= wanted) break;
  }
  return scheme.Start(std::min(bucket + 1, kBuckets - 1));
}

template <typename Weight>
double DecayedHistogram<Weight>::Percentile(const BucketScheme& scheme, double p,
                                            bool by_load) const {
  if (IsEmpty()) return 0;
  const auto mass = [&](size_t bucket) {
    const double edges = scheme.Start(bucket) + scheme.Start(std::min(bucket + 1, kBuckets - 1));
    return WeightOf(bucket) * (by_load ? edges / 2 : 1);
  };
  double total = 0;
  for (size_t bucket = min_bucket_; bucket <= max_bucket_; ++bucket) total += mass(bucket);
  const double wanted = p * total;
  double below = 0;
  size_t bucket = min_bucket_;
  for (; bucket < max_bucket_ && below + mass(bucket) < wanted; ++bucket) below += mass(bucket);
  const double low = scheme.Start(bucket);
  const double high = scheme.Start(std::min(bucket + 1, kBuckets - 1));
  const double inside = mass(bucket);
  return low + (high - low) * (inside > 0 ? std::clamp((wanted - below) / inside, 0.0, 1.0) : 1);
}

template <typename Weight>
void DecayedHistogram<Weight>::Save(RowWriter& out) const {
  out.U64(count_).U64(first_).U64(min_bucket_).U64(max_bucket_).Double(total_).I64(reference_);
  for (size_t i = 0; i < count_; ++i) out.Double(static_cast<double>(weights_[i]));
}

template <typename Weight>
void DecayedHistogram<Weight>::Load(RowReader& in) {
  const uint64_t count = in.U64();
  const uint64_t first = in.U64();
  const uint64_t low = in.U64();
  const uint64_t high = in.U64();
  if (count + first > kBuckets || count > kBuckets || low >= kBuckets || high >= kBuckets) {
    in.Fail();
    return;
  }
  count_ = static_cast<uint8_t>(count);
  first_ = static_cast<uint8_t>(first);
  min_bucket_ = static_cast<uint8_t>(low);
  max_bucket_ = static_cast<uint8_t>(high);
  total_ = in.Double();
  reference_ = in.I64();
  weights_ = count > 0 ? std::make_unique<Weight[]>(count) : nullptr;
  bool good = std::isfinite(total_) && total_ >= 0;
  good &= count == 0 || (reference_ % kHalfLife == 0 && reference_ >= 0 && reference_ < kLatest);
  for (size_t i = 0; i < count; ++i) {
    const double weight = in.Double();
    good &= std::isfinite(weight) && weight >= 0;
    weights_[i] = static_cast<Weight>(weight);
  }
  if (good) return;
  *this = {};
  in.Fail();
}

template class DecayedHistogram<double>;
template class DecayedHistogram<float>;

}  // namespace outrider
