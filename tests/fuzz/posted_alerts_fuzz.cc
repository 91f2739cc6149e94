// SPDX-License-Identifier: Apache-2.0
// Bodies of POST /api/v2/alerts: refused, or a list whose labels are sorted, unique and not empty,
// whose fingerprint is the one of the label set, and whose details can be read back.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "exporter/api/posted_alerts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  std::string body(reinterpret_cast<const char*>(data), size);
  PostedAlerts posted;
  if (ReadPostedAlerts(&body, MatcherMode::kFallback, &posted)) return 0;
  for (size_t i = 0; i < posted.alerts.size(); ++i) {
    const IncomingAlert alert = posted.alerts.at(i);
    for (size_t k = 0; k < alert.labels.size(); ++k) {
      if (alert.labels[k].name.empty() || alert.labels[k].value.empty()) std::abort();
      if (k > 0 && alert.labels[k - 1].name >= alert.labels[k].name) std::abort();
    }
    const Labels labels = Labels::FromSorted(alert.labels);
    if (labels.Fingerprint() != alert.fingerprint) std::abort();
    if (!alert.labels.empty() && !Labels::FromPacked(labels.packed()).ok()) std::abort();
    std::string_view rest = alert.details;
    size_t texts = 0;
    for (; !rest.empty(); ++texts) TakeDetail(&rest);
    if (texts % 2 != 1) std::abort();  // the URL and pairs
  }
  return 0;
}
