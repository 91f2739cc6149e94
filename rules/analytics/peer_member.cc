// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/peer_member.h"

#include <algorithm>
#include <cmath>

#include "fmt/format.h"
#include "rules/analytics/anomaly_detector.h"
#include "rules/detect/explain_text.h"
#include "rules/detect/peers.h"
#include "rules/detect/saved_fields.h"
#include "storage/base/hash.h"

namespace outrider {

void PeerMember::Join(const Labels& labels, const Entry& entry) {
  group_ = Hash64(entry.peer_labels.empty() ? std::string_view()
                                            : labels.Keep(entry.peer_labels).packed());
}

void PeerMember::Report(Timestamp /*now*/, std::span<double> out) const {
  WriteVerdict(judged_.verdict, out);
}

void PeerMember::Judge(const Judgement& judgement) {
  judged_ = judgement;
  const bool above = judgement.verdict.state >= 1;
  judged_.verdict.onset = above && above_ ? 0 : judgement.verdict.state;
  above_ = above;
  if (!above) since_ = 0;
  if (above && since_ == 0) since_ = time_;
}

std::optional<Explanation> PeerMember::Explain() const {
  Explanation explanation;
  explanation.detector = "peers";
  explanation.time = time_;
  explanation.value = value_;
  explanation.verdict = judged_.verdict;
  explanation.samples = samples_;
  const double expected = judged_.verdict.expected;
  if (std::isnan(expected)) {
    explanation.reasons.push_back(
        fmt::format("its group has fewer than {} series: nothing can be said", kFewestPeers));
    return explanation;
  }
  explanation.level = expected;
  explanation.deviation = judged_.scale;
  explanation.since = since_;
  DescribeVerdict((value_ - expected) / judged_.scale, NoveltyTable::Kind::kNothing, &explanation);
  explanation.reasons.push_back(
      fmt::format("what is expected is the median of the {} series of its group", judged_.members));
  return explanation;
}

void PeerMember::Save(RowWriter& out) const {
  out.Double(value_).Bool(above_).I64(time_).I64(since_).U64(samples_);
}

void PeerMember::Load(RowReader& in) {
  value_ = in.Double();
  above_ = in.Bool();
  if (in.format() < 2) return;
  time_ = TakeTime(in);
  since_ = TakeTime(in);
  samples_ = in.U64();
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
      members[begin + i]->Judge({.verdict = {.state = band.scores[i],
                                             .expected = band.expected,
                                             .lower = band.lower,
                                             .upper = band.upper},
                                 .scale = band.scale,
                                 .members = values.size()});
    }
    begin = end;
  }
}

}  // namespace outrider
