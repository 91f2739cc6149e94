// SPDX-License-Identifier: Apache-2.0
#include "exporter/trial/trial_seams.h"

#include <algorithm>

namespace outrider {

Status AsOfQuerier::Select(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                           size_t max_samples, SeriesSet* out) const {
  return all_.Select(matchers, from, std::min(to, now_), max_samples, out);
}

Status AsOfQuerier::SelectInPieces(std::span<const Matcher> matchers, Timestamp from, Timestamp to,
                                   size_t max_samples, SeriesSet* piece,
                                   const std::function<Status(SeriesSet&)>& use) const {
  return all_.SelectInPieces(matchers, from, std::min(to, now_), max_samples, piece, use);
}

StatusOr<std::vector<Labels>> AsOfQuerier::SelectLabels(std::span<const Matcher> matchers,
                                                        Timestamp from, Timestamp to) const {
  return all_.SelectLabels(matchers, from, std::min(to, now_));
}

StatusOr<std::vector<std::string>> AsOfQuerier::LabelNames(std::span<const Matcher> matchers,
                                                           Timestamp from, Timestamp to) const {
  return all_.LabelNames(matchers, from, std::min(to, now_));
}

StatusOr<std::vector<std::string>> AsOfQuerier::LabelValues(std::string_view name,
                                                            std::span<const Matcher> matchers,
                                                            Timestamp from, Timestamp to) const {
  return all_.LabelValues(name, matchers, from, std::min(to, now_));
}

}  // namespace outrider
