// SPDX-License-Identifier: Apache-2.0
#include "storage/model/native_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <map>
#include <tuple>

#include "storage/base/random.h"
#include "tests/support/random_histogram.h"

namespace outrider {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::bit_cast<double>(kNormalNanBits);

// 10 observations: 1 of zero, 2 negative, 7 positive in two spans.
NativeHistogram Valid() {
  NativeHistogram h;
  h.schema = 1;
  h.zero_threshold = 0.001;
  h.zero_count = 1;
  h.count = 10;
  h.sum = 12.5;
  h.positive_spans = {{-3, 2}, {0, 0}, {2, 1}};
  h.positive_buckets = {4, 0, 3};
  h.negative_spans = {{5, 1}};
  h.negative_buckets = {2};
  return h;
}

NativeHistogram ValidCustom() {
  NativeHistogram h;
  h.schema = kCustomSchema;
  h.count = 6;
  h.sum = 3;
  h.positive_spans = {{0, 1}, {1, 2}};  // reaches the bucket of +Inf
  h.positive_buckets = {1, 2, 3};
  h.custom_values = {-kInf, 0.5, 2};
  return h;
}

using Change = std::function<void(NativeHistogram&)>;

TEST(NativeHistogram, SameBitsLooksAtEveryField) {
  EXPECT_TRUE(SameBits(Valid(), Valid()));
  EXPECT_TRUE(SameBits(ValidCustom(), ValidCustom()));
  const Change changes[] = {
      [](auto& h) { h.schema = 2; },
      [](auto& h) { h.is_float = true; },
      [](auto& h) { h.reset_hint = ResetHint::kGauge; },
      [](auto& h) { h.zero_threshold = 0; },
      [](auto& h) { h.zero_count = -1; },
      [](auto& h) { h.count = 9; },
      [](auto& h) { h.sum = kNan; },
      [](auto& h) { h.positive_spans[0].offset = 0; },
      [](auto& h) { h.positive_spans.push_back({1, 0}); },
      [](auto& h) { h.negative_spans[0].length = 2; },
      [](auto& h) { h.positive_buckets[1] = -0.0; },
      [](auto& h) { h.negative_buckets.push_back(0); },
      [](auto& h) { h.custom_values.push_back(1); },
  };
  for (size_t i = 0; i < std::size(changes); ++i) {
    NativeHistogram h = Valid();
    changes[i](h);
    EXPECT_FALSE(SameBits(h, Valid())) << i;
  }
}

TEST(NativeHistogram, NansDifferByBits) {
  NativeHistogram nan = Valid();
  nan.sum = kNan;
  EXPECT_TRUE(SameBits(nan, nan));
  NativeHistogram stale = nan;
  stale.sum = StaleNan();
  EXPECT_FALSE(SameBits(nan, stale));
  EXPECT_TRUE(IsStale(StaleHistogram()));
  EXPECT_FALSE(IsStale(nan));
}

struct Row {
  const char* name;
  NativeHistogram from;
  Change change;
  const char* error;  // "": valid
};

void Check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    NativeHistogram h = row.from;
    row.change(h);
    EXPECT_EQ(Message(ValidateHistogram(h)), row.error) << row.name;
  }
}

TEST(ValidateHistogram, Schemas) {
  std::vector<Row> rows;
  for (const int32_t schema : {-4, 0, 8, 9, 52})
    rows.push_back({"known", Valid(), [schema](auto& h) { h.schema = schema; }, ""});
  rows.push_back({"custom", ValidCustom(), [](auto&) {}, ""});
  rows.push_back({"empty", NativeHistogram(), [](auto&) {}, ""});
  Check(rows);
  for (const int32_t schema : {-5, 53, -52, -54, std::numeric_limits<int32_t>::max()}) {
    NativeHistogram h = Valid();
    h.schema = schema;
    EXPECT_EQ(Message(ValidateHistogram(h)),
              "histogram has an invalid schema, which must be between -4 and 8 for exponential "
              "buckets, or -53 for custom buckets, got schema " +
                  std::to_string(schema));
  }
}

TEST(ValidateHistogram, Exponential) {
  Check({
      {"too few buckets", Valid(), [](auto& h) { h.positive_buckets.pop_back(); },
       "positive side: spans need 3 buckets, have 2 buckets: histogram spans specify different "
       "number of buckets than provided"},
      {"too many buckets", Valid(), [](auto& h) { h.negative_buckets.push_back(0); },
       "negative side: spans need 1 buckets, have 2 buckets: histogram spans specify different "
       "number of buckets than provided"},
      {"lengths that wrap", Valid(),
       [](auto& h) { h.positive_spans = {{0, 0x80000000U}, {0, 0x80000000U}, {0, 3}}; },
       "positive side: spans need 4294967299 buckets, have 3 buckets: histogram spans specify "
       "different number of buckets than provided"},
      {"a span backwards", Valid(), [](auto& h) { h.positive_spans[2].offset = -1; },
       "positive side: span number 3 with offset -1: histogram has a span whose offset is "
       "negative"},
      {"first backwards", Valid(), [](auto& h) { h.negative_spans[0].offset = -70; }, ""},
      {"custom bounds", Valid(), [](auto& h) { h.custom_values = {1}; },
       "histogram with exponential schema must not have custom bounds"},
  });
}

TEST(ValidateHistogram, Custom) {
  Check({
      {"equal bounds", ValidCustom(), [](auto& h) { h.custom_values[2] = 0.5; },
       "custom buckets: previous bound is 0.500000 and current is 0.500000: histogram custom "
       "bounds must be in strictly increasing order"},
      {"falling bounds", ValidCustom(), [](auto& h) { h.custom_values[1] = -kInf; },
       "custom buckets: previous bound is -Inf and current is -Inf: histogram custom bounds must "
       "be in strictly increasing order"},
      {"NaN", ValidCustom(), [](auto& h) { h.custom_values[0] = kNan; },
       "custom buckets: histogram custom bounds must not be NaN"},
      {"+Inf", ValidCustom(), [](auto& h) { h.custom_values[2] = kInf; },
       "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds "
       "must be finite"},
      {"too few", ValidCustom(), [](auto& h) { h.custom_values.pop_back(); },
       "custom buckets: only 2 custom bounds defined which is insufficient to cover total span "
       "length of 4: histogram custom bounds are too few"},
      {"none, one bucket", ValidCustom(),
       [](auto& h) {
         h.custom_values.clear();
         h.positive_spans = {{0, 1}};
         h.positive_buckets = {6};
       },
       ""},
      {"first span backwards", ValidCustom(), [](auto& h) { h.positive_spans[0].offset = -1; },
       "custom buckets: span number 1 with offset -1: histogram has a span whose offset is "
       "negative"},
      {"mismatch", ValidCustom(), [](auto& h) { h.positive_buckets.pop_back(); },
       "custom buckets: spans need 3 buckets, have 2 buckets: histogram spans specify different "
       "number of buckets than provided"},
      {"zero count", ValidCustom(), [](auto& h) { h.zero_count = 1; },
       "custom buckets: must have zero count of 0"},
      {"zero threshold", ValidCustom(), [](auto& h) { h.zero_threshold = 1; },
       "custom buckets: must have zero threshold of 0"},
      {"negative spans", ValidCustom(), [](auto& h) { h.negative_spans = {{0, 0}}; },
       "custom buckets: must not have negative spans"},
      {"negative buckets", ValidCustom(), [](auto& h) { h.negative_buckets = {1}; },
       "custom buckets: must not have negative buckets"},
      {"sum of buckets", ValidCustom(), [](auto& h) { h.count = 7; },
       "6 observations found in buckets, but the Count field is 7: histogram's observation count "
       "should equal the number of observations found in the buckets (in absence of NaN)"},
      {"float", ValidCustom(), [](auto& h) { h.is_float = true, h.count = 7; }, ""},
  });
}

TEST(ValidateHistogram, IntegerCounts) {
  Check({
      {"a negative bucket", Valid(), [](auto& h) { h.positive_buckets = {4, -1, 4}; },
       "positive side: bucket number 2 has observation count of -1: histogram has a bucket whose "
       "observation count is negative"},
      {"a negative negative one", Valid(), [](auto& h) { h.negative_buckets = {-2}; },
       "negative side: bucket number 1 has observation count of -2: histogram has a bucket whose "
       "observation count is negative"},
      {"count too small", Valid(), [](auto& h) { h.count = 9; },
       "10 observations found in buckets, but the Count field is 9: histogram's observation count "
       "should equal the number of observations found in the buckets (in absence of NaN)"},
      {"count too large", Valid(), [](auto& h) { h.count = 1000000; },
       "10 observations found in buckets, but the Count field is 1000000: histogram's observation "
       "count should equal the number of observations found in the buckets (in absence of NaN)"},
      {"NaN observed, larger", Valid(), [](auto& h) { h.sum = kNan, h.count = 11; }, ""},
      {"NaN observed, equal", Valid(), [](auto& h) { h.sum = kNan; }, ""},
      {"NaN observed, smaller", Valid(), [](auto& h) { h.sum = kNan, h.count = 9; },
       "10 observations found in buckets, but the Count field is 9: histogram's observation count "
       "should be at least the number of observations found in the buckets"},
      {"infinite sum", Valid(), [](auto& h) { h.sum = -kInf; }, ""},
      {"NaN count", Valid(), [](auto& h) { h.count = kNan; },
       "10 observations found in buckets, but the Count field is NaN: histogram's observation "
       "count should equal the number of observations found in the buckets (in absence of NaN)"},
      {"2^53, one off", Valid(),
       [](auto& h) { h.positive_buckets[0] = 0x1p53 - 8, h.count = 0x1p53 - 1; },
       "9007199254740990 observations found in buckets, but the Count field is 9007199254740991: "
       "histogram's observation count should equal the number of observations found in the "
       "buckets (in absence of NaN)"},
      {"2^60, rounded", Valid(),
       [](auto& h) { h.positive_buckets[0] = 0x1p60, h.count = 0x1.0000000000001p60; }, ""},
      {"2^60, wrong", Valid(), [](auto& h) { h.positive_buckets[0] = 0x1p60, h.count = 0x1.1p60; },
       "1152921504606846976 observations found in buckets, but the Count field is "
       "1224979098644774912: histogram's observation count should equal the number of "
       "observations found in the buckets (in absence of NaN)"},
  });
}

TEST(ValidateHistogram, FloatCounts) {
  NativeHistogram base = Valid();
  base.is_float = true;
  Check({
      {"count is free", base, [](auto& h) { h.count = 3.5; }, ""},
      {"NaN in a bucket", base, [](auto& h) { h.positive_buckets[0] = kNan; }, ""},
      {"zero bucket", base, [](auto& h) { h.zero_count = -0.25; },
       "zero bucket has observation count of -0.25: histogram has a bucket whose observation "
       "count is negative"},
      {"count", base, [](auto& h) { h.count = -1e7; },
       "observation count is  -1e+07: histogram's observation count is negative"},
      {"bucket", base, [](auto& h) { h.positive_buckets[2] = -0.5; },
       "positive side: bucket number 3 has observation count of -0.5: histogram has a bucket "
       "whose observation count is negative"},
      {"negative bucket", base, [](auto& h) { h.negative_buckets[0] = -kInf; },
       "negative side: bucket number 1 has observation count of -Inf: histogram has a bucket "
       "whose observation count is negative"},
  });
}

TEST(ValidateHistogram, StaleMarkersNeedNoCounts) {
  Check({
      {"empty", StaleHistogram(), [](auto&) {}, ""},
      {"custom", StaleHistogram(), [](auto& h) { h.schema = kCustomSchema; }, ""},
      {"buckets", Valid(), [](auto& h) { h.sum = StaleNan(), h.count = 0; }, ""},
      {"negative", Valid(), [](auto& h) { h.sum = StaleNan(), h.zero_count = -1; }, ""},
      {"shape", Valid(), [](auto& h) { h.sum = StaleNan(), h.negative_buckets.clear(); },
       "negative side: spans need 1 buckets, have 0 buckets: histogram spans specify different "
       "number of buckets than provided"},
  });
}

TEST(ValidateHistogram, RandomOnesAreValid) {
  SeededRandom random(1);
  for (int i = 0; i < 2000; ++i) {
    const auto h = RandomHistogram(random, static_cast<HistogramKind>(i % 4));
    EXPECT_EQ(Message(ValidateHistogram(h)), "");
  }
}

using IndexMap = std::map<int64_t, double>;

// Buckets by index; `factor` of them fall together, the last of them at a multiple of it.
IndexMap Naive(const std::vector<BucketSpan>& spans, const std::vector<double>& buckets,
               int64_t factor) {
  IndexMap map;
  int64_t index = 0;
  size_t at = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length; ++i, ++index) {
      int64_t up = index / factor;  // towards zero
      if (index > 0 && index % factor != 0) ++up;
      map[up] += buckets[at++];
    }
  }
  return map;
}

void ExpectReduced(const NativeHistogram& h, int32_t schema) {
  NativeHistogram reduced = h;
  ReduceResolution(schema, &reduced);
  const int64_t factor = int64_t{1} << (h.schema - schema);
  EXPECT_EQ(Message(ValidateShape(reduced)), "");
  EXPECT_EQ(Naive(reduced.positive_spans, reduced.positive_buckets, 1),
            Naive(h.positive_spans, h.positive_buckets, factor));
  EXPECT_EQ(Naive(reduced.negative_spans, reduced.negative_buckets, 1),
            Naive(h.negative_spans, h.negative_buckets, factor));
  EXPECT_TRUE(std::ranges::all_of(reduced.positive_spans, [](auto& s) { return s.length > 0; }));
  NativeHistogram rest = h;  // all else is as it was
  rest.schema = schema;
  rest.positive_spans = reduced.positive_spans;
  rest.positive_buckets = reduced.positive_buckets;
  rest.negative_spans = reduced.negative_spans;
  rest.negative_buckets = reduced.negative_buckets;
  EXPECT_TRUE(SameBits(reduced, rest));
}

TEST(ReduceResolution, LikeTheNaiveModel) {
  SeededRandom random(20261124);
  for (int i = 0; i < 3000; ++i) {
    NativeHistogram h = RandomHistogram(random, static_cast<HistogramKind>(i % 2));
    if (i % 3 == 0) h.schema = 9 + static_cast<int32_t>(random.Next() % 44);
    const auto range = static_cast<uint64_t>(h.schema - kMinSchema);
    if (range == 0) continue;
    ExpectReduced(h, h.schema - 1 - static_cast<int32_t>(random.Next() % range));
  }
}

TEST(ReduceResolution, ByHand) {
  NativeHistogram h = Valid();  // positive indexes -3, -2, 1; negative 5
  ReduceResolution(0, &h);
  EXPECT_EQ(h.positive_spans, (std::vector<BucketSpan>{{-1, 1}, {1, 1}}));
  EXPECT_EQ(h.positive_buckets, (std::vector<double>{4, 3}));
  EXPECT_EQ(h.negative_spans, (std::vector<BucketSpan>{{3, 1}}));
  EXPECT_EQ(Message(ValidateHistogram(h)), "");
}

TEST(ReduceResolution, WideOffsetsStayExact) {
  constexpr int32_t kFar = std::numeric_limits<int32_t>::max();
  NativeHistogram h;
  h.schema = 9;
  h.positive_spans = {{kFar, 0}, {kFar, 0}, {kFar, 1}, {kFar, 0}, {kFar, 0}, {kFar, 1}};
  h.positive_buckets = {1, 2};
  const IndexMap expected = Naive(h.positive_spans, h.positive_buckets, 2);
  ReduceResolution(8, &h);
  EXPECT_EQ(Naive(h.positive_spans, h.positive_buckets, 1), expected);
  EXPECT_EQ(Message(ValidateShape(h)), "");
}

TEST(ReduceResolution, LeavesAlone) {
  NativeHistogram broken = Valid();
  broken.positive_buckets.clear();
  NativeHistogram backwards = Valid();
  backwards.positive_spans[2].offset = -9;
  const std::tuple<const char*, NativeHistogram, int32_t> rows[] = {
      {"equal", Valid(), 1},   {"coarser already", Valid(), 2}, {"custom", ValidCustom(), -4},
      {"no shape", broken, 0}, {"backwards", backwards, 0},     {"below the range", Valid(), -60},
  };
  for (const auto& [name, from, schema] : rows) {
    NativeHistogram h = from;
    ReduceResolution(schema, &h);
    EXPECT_TRUE(SameBits(h, from)) << name;
  }
}

}  // namespace
}  // namespace outrider
