// SPDX-License-Identifier: Apache-2.0
// Bytes choose an expression and series: evaluating ends without harm, and each step of a range
// query is what an instant query gives then.
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/fake_clock.h"
#include "tests/support/promql_checks.h"
#include "tests/support/promql_generator.h"

namespace {

// A byte a choice; zeros when there are no more.
class BytesAsRandom final : public outrider::Random {
 public:
  BytesAsRandom(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint64_t Next() override { return at_ < size_ ? data_[at_++] : 0; }

 private:
  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  BytesAsRandom bytes(data, size);
  const std::string query = RandomExpression(bytes);
  const auto expr = promql::Expression::Parse(query, promql::kWholeLanguage);
  if (!expr.ok()) {
    fmt::print(stderr, "{}: {}\n", query, Message(expr.status()));
    std::abort();
  }
  // The rest of the bytes are a seed: series need more choices than there are.
  uint64_t seed = 0;
  while (const uint64_t byte = bytes.Next()) seed = seed * 31 + byte;
  SeededRandom random(seed);
  MemoryQuerier storage;
  FillRandomly(random, &storage);
  const FakeClock clock;
  const promql::Engine engine({.max_samples = 50'000}, clock);
  // Delayed, the first sample of a series decides about its name: steps may differ.
  const promql::Engine delayed({.max_samples = 50'000, .delayed_name_removal = true}, clock);
  (void)delayed.Range(*expr, storage, kMinute, 15 * kMinute, 70 * kSecond);
  const std::string wrong = CheckSteps(engine, *expr, storage, kMinute, 15 * kMinute, 70 * kSecond);
  if (wrong.empty()) return 0;
  fmt::print(stderr, "{}\n", wrong);
  std::abort();
}
