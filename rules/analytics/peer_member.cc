// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/peer_member.h"

#include <algorithm>

#include "rules/analytics/anomaly_detector.h"
#include "rules/detect/peers.h"
#include "storage/base/hash.h"

namespace outrider {

void PeerMember::Join(const Labels& labels, const Entry& entry) {
  group_ = Hash64(entry.peer_labels.empty() ? std::string_view()
                                            : labels.Keep(entry.peer_labels).packed());
}

void PeerMember::Report(Timestamp /*now*/, std::span<double> out) const {
  WriteVerdict(verdict_, out);
}

void PeerMember::Judge(Verdict verdict) {
  const bool above = verdict.state >= 1;
  verdict.onset = above && above_ ? 0 : verdict.state;
  above_ = above;
  verdict_ = verdict;
}

void JudgeByPeers(const DetectorOptions& options, std::span<PeerMember*> members) {
  std::ranges::stable_sort(members, {}, [](const PeerMember* member) { return member->group(); });
  std::vector<double> values;
  for (size_t begin = 0; begin < members.size();) {
    size_t end = begin;
    values.clear();
    for (; end < members.size() && members[end]->group() == members[begin]->group(); ++end) {
      values.push_back(members[end]->value());
    }
    const PeerBand band = JudgePeers(values, options);
    for (size_t i = 0; i < values.size(); ++i) {
      members[begin + i]->Judge({.state = band.scores[i],
                                 .expected = band.expected,
                                 .lower = band.lower,
                                 .upper = band.upper});
    }
    begin = end;
  }
}

}  // namespace outrider
