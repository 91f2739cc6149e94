// SPDX-License-Identifier: Apache-2.0
// A judged series as people see it: which one, and why it was judged as it was.
#pragma once

#include <string>

#include "rules/detect/series_detector.h"
#include "storage/model/labels.h"

namespace outrider {

struct AnomalyView {
  std::string id;  // 16 hex digits: the fingerprint of `labels`; stable over restarts
  std::string entry;
  std::string expr;
  Labels source;  // as the expression gives it
  Labels labels;  // of its derived series, without their name
  Explanation explanation;
};

struct AnomalyQuery {
  std::string entry = {};  // empty: all
  double min_score = 1;    // of the state score
  size_t limit = 100;
};

}  // namespace outrider
