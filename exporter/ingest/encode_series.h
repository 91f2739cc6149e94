// SPDX-License-Identifier: Apache-2.0
// The fields of a prometheus.TimeSeries, as remote write 1.0 and remote read have them, appended to
// a message. Source: specs/prometheus.md §1.1.
#pragma once

#include <string>

#include "storage/model/labels.h"
#include "storage/model/native_histogram.h"
#include "storage/model/sample.h"

namespace outrider {

// How an integer histogram is written: as such, or as a float histogram of the same counts.
enum class HistogramCounts { kAsTheyAre, kAsFloats };

void AppendLabelFields(const Labels& labels, std::string* series);
void AppendSampleField(const Sample& sample, std::string* series);
void AppendHistogramField(const NativeHistogram& histogram, Timestamp time, HistogramCounts counts,
                          std::string* series);

}  // namespace outrider
