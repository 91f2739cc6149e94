// SPDX-License-Identifier: Apache-2.0
// What a recording rule writes. Pure. Source: specs/prometheus.md §3.2.
#pragma once

#include <vector>

#include "rules/promql/value.h"
#include "rules/rulefile/rule_group.h"
#include "storage/base/status.h"
#include "storage/window/appender.h"

namespace outrider {

// A rule's expression gives a vector; a scalar stands for one sample without labels. Anything else
// is InvalidArgument.
StatusOr<promql::Vector> ToVector(promql::Value value);

// The samples at `sample_time`: the rule's name, then its labels over those of the vector. Two
// samples with one label set, or more than `limit` (0: no limit) are an error: nothing is written.
StatusOr<std::vector<LabeledSample>> RecordSamples(const Rule& rule, int64_t limit,
                                                   const promql::Vector& vector,
                                                   Timestamp sample_time);

// Takes out native histograms that storage would not keep (negative counts, say: the difference of
// two). The first one's error.
Status TakeInvalid(std::vector<LabeledSample>* samples);

}  // namespace outrider
