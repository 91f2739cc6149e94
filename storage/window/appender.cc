// SPDX-License-Identifier: Apache-2.0
#include "storage/window/appender.h"

#include <vector>

namespace outrider {

AppendCounts Appender::AppendKnown(std::span<const KnownSample> samples, Timestamp now) {
  std::vector<LabeledSample> batch;
  batch.reserve(samples.size());
  for (const KnownSample& sample : samples) {
    batch.push_back({sample.series->labels, {now, sample.value}});
  }
  return AppendBatch(batch, Origin::kLocal, now);
}

}  // namespace outrider
