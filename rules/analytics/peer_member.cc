// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/peer_member.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "rules/analytics/anomaly_detector.h"
#include "rules/detect/explain_text.h"
#include "rules/detect/saved_fields.h"
#include "storage/base/hash.h"

namespace outrider {
namespace {

constexpr size_t kFewMembers = 10;
constexpr double kMostAtOnce = 2;  // of what was usual of late

}  // namespace

PeerMember::PeerMember(const DetectorOptions& options) : judge_(options) {}

void PeerMember::Join(const Labels& labels, const Entry& entry) {
  group_ = Hash64(entry.peer_labels.empty() ? std::string_view()
                                            : labels.Keep(entry.peer_labels).packed());
}

void PeerMember::Report(Timestamp /*now*/, std::span<double> out) const {
  WriteVerdict(verdict_, out);
}

void PeerMember::Judge(const PeerGroup& group, double usual, size_t members) {
  const double onset = verdict_.onset;
  const bool again = judged_;
  judged_ = true;
  members_ = members;
  verdict_ = {};
  if (std::isnan(group.expected)) {
    if (!again) judge_.Pass(time_);
    return;
  }
  scale_ = judge_.Scale(usual, group.expected);
  if (again) {
    verdict_ = judge_.Again(value_, group.expected, scale_);
    if (!std::isnan(verdict_.state)) verdict_.onset = onset < 1 ? onset : 0;
    return;
  }
  verdict_ = judge_.Judge(time_, value_, group.expected, scale_);
}

void PeerMember::Remember(const PeerGroup& group, bool agrees) {
  if (judged_time_ == time_ || !std::isfinite(group.expected) || !std::isfinite(group.usual)) {
    return;
  }
  const DurationMs step = judged_time_ == 0 ? 0 : std::max<DurationMs>(0, time_ - judged_time_);
  judged_time_ = time_;
  if (!agrees && knows_usual()) return;
  usual_ += fade_.Gain(step, usual_count_++) * (group.usual - usual_);
}

std::optional<Explanation> PeerMember::Explain() const {
  Explanation explanation;
  explanation.detector = "peers";
  explanation.time = time_;
  explanation.value = value_;
  explanation.verdict = verdict_;
  explanation.samples = samples_;
  if (members_ < kFewestPeers) {
    explanation.reasons.push_back(
        fmt::format("its group has fewer than {} series: nothing can be said", kFewestPeers));
    return explanation;
  }
  if (std::isnan(verdict_.expected)) {
    explanation.reasons.emplace_back("still warming up: nothing can be said yet");
    return explanation;
  }
  const double z = (value_ - verdict_.expected) / scale_;
  explanation.level = verdict_.expected;
  explanation.deviation = scale_;
  explanation.since = judge_.since();
  explanation.tail_probability = judge_.Probability(z);
  DescribeVerdict(z, NoveltyTable::Kind::kNothing, &explanation);
  explanation.reasons.push_back(
      fmt::format("what is expected is the median of the {} series of its group", members_));
  if (std::string why = judge_.DescribeImpossible(value_); !why.empty()) {
    explanation.reasons.insert(explanation.reasons.begin(), std::move(why));
  }
  return explanation;
}

void PeerMember::Save(RowWriter& out) const {
  out.Double(value_).Bool(judged_).I64(time_).I64(judged_time_).U64(samples_);
  out.Double(usual_).U64(usual_count_);
  judge_.Save(out);
}

void PeerMember::Load(RowReader& in) {
  value_ = in.Double();
  const bool judged = in.Bool();  // before format 4: it was beyond its band
  if (in.format() < 2) return;
  time_ = TakeTime(in);
  judged_time_ = TakeTime(in);
  samples_ = in.U64();
  if (in.format() < 4) {
    judged_time_ = 0;
    return;
  }
  judged_ = judged;
  usual_ = TakeAtLeast(in, 0);
  usual_count_ = in.U64();
  judge_.Load(in);
}

namespace {

// How far apart the members are now and were of late. Few members are close together by chance now
// and then, and seem far apart while one of them is the odd one.
double UsualOf(std::span<PeerMember* const> members, const PeerGroup& group) {
  double of_late = 0;
  bool known = true;
  for (const PeerMember* member : members) {
    of_late = std::max(of_late, member->usual());
    known = known && member->knows_usual();
  }
  const bool few = members.size() < kFewMembers;
  const double most = few && known ? kMostAtOnce * of_late : group.usual;
  return std::max(of_late, std::min(group.usual, most));
}

void JudgeGroup(std::span<PeerMember*> members, std::span<const double> values) {
  const PeerGroup group = MeasurePeers(values);
  const double usual = UsualOf(members, group);
  for (PeerMember* member : members) member->Judge(group, usual, members.size());
  const auto odd = static_cast<size_t>(std::ranges::count_if(members, &PeerMember::is_odd));
  // Where half of them are odd it is the group that spreads.
  const bool agrees = odd == 0 || members.size() >= kFewMembers || 2 * odd >= members.size();
  for (PeerMember* member : members) member->Remember(group, agrees);
}

}  // namespace

void JudgeByPeers(std::span<PeerMember*> members) {
  std::ranges::stable_sort(members, {}, [](const PeerMember* member) { return member->group(); });
  std::vector<double> values;
  for (size_t begin = 0; begin < members.size();) {
    size_t end = begin;
    values.clear();
    for (; end < members.size() && members[end]->group() == members[begin]->group(); ++end) {
      values.push_back(members[end]->value());
    }
    JudgeGroup(members.subspan(begin, end - begin), values);
    begin = end;
  }
}

}  // namespace outrider
