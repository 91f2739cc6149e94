// SPDX-License-Identifier: Apache-2.0
// Groups of like series: alarms as often as the risk says, whatever the size of the group; the odd
// one is found, told once, and again after its rest.
#include "rules/analytics/peer_member.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rules/detect/saved_fields.h"
#include "tests/rules/detect/made_series.h"

namespace outrider {
namespace {

class Group {
 public:
  explicit Group(size_t members, const DetectorOptions& options = {}) {
    for (size_t i = 0; i < members; ++i) members_.push_back(std::make_unique<PeerMember>(options));
  }
  // Of one instant, in the order of the members: state and onset score.
  using Values = std::vector<double>;
  void Judge(Timestamp time, const std::function<double(size_t)>& value) {
    std::vector<PeerMember*> all;
    for (size_t i = 0; i < members_.size(); ++i) {
      members_[i]->Observe(time, value(i));
      all.push_back(members_[i].get());
    }
    JudgeByPeers(all);
  }
  void JudgeAgain() {
    std::vector<PeerMember*> all;
    for (const auto& member : members_) all.push_back(member.get());
    JudgeByPeers(all);
  }
  Verdict Of(size_t member) const {
    std::vector<double> out(5);
    members_[member]->Report(0, out);
    return {.onset = out[1], .state = out[0], .expected = out[2], .lower = out[3], .upper = out[4]};
  }
  PeerMember& member(size_t i) { return *members_[i]; }
  size_t size() const { return members_.size(); }

 private:
  std::vector<std::unique_ptr<PeerMember>> members_;
};

struct Shape {
  std::string name;
  size_t members;
  std::function<double(Noise&, size_t member)> value;
};

const Shape kShapes[] = {
    {"three", 3, [](Noise& n, size_t) { return 10 + n.Normal(); }},
    {"four", 4, [](Noise& n, size_t) { return 10 + n.Normal(); }},
    {"six", 6, [](Noise& n, size_t) { return 10 + n.Normal(); }},
    {"twenty", 20, [](Noise& n, size_t) { return 10 + n.Normal(); }},
    {"six, exponential", 6, [](Noise& n, size_t) { return -std::log(1 - n.Unit()); }},
    {"five around levels of their own", 5,
     [](Noise& n, size_t i) { return 10 + 2.0 * static_cast<double>(i) + n.Normal(); }},
};

TEST(PeerMember, AlarmsAsOftenAsTheRiskSays) {
  for (const Shape& shape : kShapes) {
    Group group(shape.members);
    Noise noise(3);
    double up = 0;
    double samples = 0;
    size_t onsets = 0;
    for (int minute = 0; minute < 14 * 1440; ++minute) {
      group.Judge(kMonday + minute * kMinute, [&](size_t i) { return shape.value(noise, i); });
      for (size_t i = 0; i < group.size(); ++i) {
        const Verdict verdict = group.Of(i);
        onsets += verdict.onset >= 1 ? 1U : 0U;
        if (minute < 1440) continue;
        up += verdict.state >= 1 ? 1 : 0;
        samples += 1;
      }
    }
    const double per_week = static_cast<double>(onsets) / static_cast<double>(group.size()) / 2;
    RecordProperty(shape.name, std::to_string(up / samples));
    EXPECT_LT(up / samples, 3e-4) << shape.name << ": 1e-4 is meant";
    EXPECT_LT(per_week, 1) << shape.name;
  }
}

TEST(PeerMember, TheOddOneIsFoundAndToldOnce) {
  for (const size_t members : {3U, 6U, 20U}) {
    Group group(members);
    Noise noise(5);
    size_t onsets = 0;
    int found = 0;
    for (int minute = 0; minute < 3 * 1440 + 300; ++minute) {
      const bool odd = minute >= 3 * 1440;
      group.Judge(kMonday + minute * kMinute,
                  [&](size_t i) { return 10 + noise.Normal() + (odd && i == 1 ? 30 : 0); });
      if (!odd) continue;
      onsets += group.Of(1).onset >= 1 ? 1U : 0U;
      found += group.Of(1).state >= 1 ? 1 : 0;
      for (size_t i = 0; i < members; ++i) {
        if (i == 1) continue;
        EXPECT_LT(group.Of(i).onset, 1) << members << " " << i;
      }
    }
    EXPECT_GE(onsets, 1U) << members;
    EXPECT_LE(onsets, members == 3 ? 2U : 1U) << members;
    EXPECT_GT(found, members == 3 ? 250 : 295) << members;
  }
}

TEST(PeerMember, KeysOfTheEntryCount) {
  const auto judge = [](const DetectorOptions& options, double value, int hours) {
    Group group(5, options);
    for (int minute = 0; minute <= hours * 60; ++minute) {
      const bool last = minute == hours * 60;
      group.Judge(kMonday + minute * kMinute, [&](size_t i) {
        return last && i == 4 ? value : 10 + 0.1 * static_cast<double>(i);
      });
    }
    return group.Of(4);
  };
  const auto with = [](const std::function<void(DetectorOptions&)>& set) {
    DetectorOptions options;
    set(options);
    return options;
  };
  EXPECT_GT(judge({}, 0, 1).state, 1);
  const auto four = with([](DetectorOptions& o) { o.threshold = 4; });
  EXPECT_NEAR(judge(four, 20, 1).upper - 10.2, 4 * 1.4826 * 1.206 * 0.1, 1e-6);
  const auto above = with([](DetectorOptions& o) { o.direction = AnomalyDirection::kAbove; });
  EXPECT_EQ(judge(above, 0, 1).state, 0);
  const auto at_most = with([](DetectorOptions& o) {
    o.threshold = 1000;
    o.data_max = 12;
  });
  EXPECT_GE(judge(at_most, 13, 1).state, 1);
  const auto warms_up = with([](DetectorOptions& o) { o.warm_up = 2 * kHour; });
  EXPECT_TRUE(std::isnan(judge(warms_up, 0, 1).state));
  EXPECT_GT(judge(warms_up, 0, 3).state, 1);
  EXPECT_LT(judge(with([](DetectorOptions& o) { o.min_deviation = 10; }), 0, 1).state, 1);
}

TEST(PeerMember, ASampleTeachesOnceHoweverOftenItIsJudged) {
  Group once(6);
  Group often(6);
  Noise noise(7);
  for (int minute = 0; minute < 600; ++minute) {
    std::vector<double> values;
    for (size_t i = 0; i < 6; ++i) values.push_back(10 + noise.Normal());
    for (Group* group : {&once, &often}) {
      group->Judge(kMonday + minute * kMinute, [&](size_t i) { return values[i]; });
    }
    often.JudgeAgain();
    often.JudgeAgain();
  }
  once.JudgeAgain();  // by what the last one taught
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(once.Of(i).state, often.Of(i).state);
    EXPECT_EQ(once.Of(i).upper, often.Of(i).upper);
  }
}

TEST(PeerMember, AStateGoesOnAfterARestart) {
  Group steady(6);
  auto restarted = std::make_unique<Group>(6);
  Noise noise(9);
  for (int minute = 0; minute < 2000; ++minute) {
    std::vector<double> values;
    for (size_t i = 0; i < 6; ++i) values.push_back(10 + noise.Normal());
    for (Group* group : {&steady, restarted.get()}) {
      group->Judge(kMonday + minute * kMinute, [&](size_t i) { return values[i]; });
    }
    for (size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(steady.Of(i).state, restarted->Of(i).state) << minute;
      EXPECT_EQ(steady.Of(i).onset, restarted->Of(i).onset) << minute;
    }
    if (minute % 97 != 0) continue;
    auto fresh = std::make_unique<Group>(6);
    for (size_t i = 0; i < 6; ++i) {
      RowWriter out(kDetectorFormat);
      restarted->member(i).Save(out);
      const std::string saved = out.Take();
      RowReader in(saved, kDetectorFormat, "state");
      fresh->member(i).Load(in);
      EXPECT_TRUE(in.Finish().ok());
    }
    restarted = std::move(fresh);
  }
}

}  // namespace
}  // namespace outrider
