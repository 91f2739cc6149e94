// SPDX-License-Identifier: Apache-2.0
// The answer of Prometheus' query API for a range selector: raw samples as JSON, read in one pass
// without a tree, because there are millions of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/status.h"
#include "storage/model/sample.h"

namespace outrider {

struct MatrixRow {
  std::vector<std::pair<std::string, std::string>> labels;  // in the order of the answer
  std::vector<Sample> samples;
  bool histograms = false;  // there are native histograms, which JSON does not give whole
};
using MatrixRowSink = std::function<void(const MatrixRow&)>;

// InvalidArgument: not such an answer; the message names the byte. `warnings` gets the server's,
// and one for an answer that the server calls incomplete.
Status ReadMatrixJson(std::string_view body, const MatrixRowSink& sink,
                      std::vector<std::string>* warnings);

}  // namespace outrider
