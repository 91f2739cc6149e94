// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/histogram_json.h"

#include "fmt/format.h"
#include "rules/promql/histogram/bucket_list.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

int BoundsInside(const promql::HistogramBucket& bucket) {
  if (bucket.lower_inclusive) return bucket.upper_inclusive ? 3 : 1;
  return bucket.upper_inclusive ? 0 : 2;
}

}  // namespace

void AppendHistogram(const NativeHistogram& histogram, std::string* out) {
  *out += fmt::format(R"({{"count":"{}","sum":"{}")", FormatSampleValue(histogram.count),
                      FormatSampleValue(histogram.sum));
  bool any = false;
  for (const promql::HistogramBucket& bucket : promql::AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    *out += any ? "," : R"(,"buckets":[)";
    any = true;
    *out +=
        fmt::format(R"([{},"{}","{}","{}"])", BoundsInside(bucket), FormatSampleValue(bucket.lower),
                    FormatSampleValue(bucket.upper), FormatSampleValue(bucket.count));
  }
  *out += any ? "]}" : "}";
}

}  // namespace outrider
