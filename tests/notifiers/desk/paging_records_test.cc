// SPDX-License-Identifier: Apache-2.0
// What the desk keeps of contact methods, as rows; keys of pages.
#include "notifiers/desk/paging_records.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

TEST(PagingRecords, ReadAsTheyWereWritten) {
  const PagingRecord records[] = {
      RoundRobinTurn{"user:anna"},
      ContactSteps{{{.due = 5,
                     .user = "anna",
                     .epoch = 1,
                     .loop = 2,
                     .tier = 3,
                     .integration = "email[0]"}}},
      RoundTold{7, 8, {0, 2}},
      ContactLoad{{1, 2}, 3, {"i1", "i2"}, "p1", {"p2"}, {"p3", "p4"}, "b1"},
      AccountLoad{{1, 2, 3}},
      ContactVerification{"hash", "salt", 4, 2, 9, 77, 3, 78},
      AnswerBundle{5, {{"i1", {2, 1, 0}}, {"i2", {1, 0, 3}}}}};
  for (const PagingRecord& record : records) {
    const std::string bytes = EncodePagingRecord(record);
    const auto read = DecodePagingRecord(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->index(), record.index());
    EXPECT_EQ(EncodePagingRecord(*read), bytes);
    for (size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(DecodePagingRecord(bytes.substr(0, cut)).ok()) << cut;
    }
  }
  EXPECT_FALSE(DecodePagingRecord(std::string("\x01\x07", 2)).ok());
  EXPECT_TRUE(IsPagingKey(TurnKey("p", 1)));
  EXPECT_FALSE(IsPagingKey("turning"));
  EXPECT_EQ(SplitPair(ContactRuleId("i1", "anna")),
            (std::pair<std::string, std::string>("i1", "anna")));
}

// specs/incidents_oncall_slo.md §2.3: (incident, epoch, loop, step, target, contact) is unique.
TEST(PageKeys, AreUniqueOverAllTheirParts) {
  SeededRandom random(7);
  std::map<std::string, std::string> seen;  // key -> parts
  for (int i = 0; i < 20'000; ++i) {
    const auto below = [&](uint64_t n) { return random.Next() % n; };
    const std::string incident = fmt::format("i{}", below(20));
    const PageStep step{.epoch = static_cast<uint32_t>(below(12)),
                        .loop = static_cast<int>(below(12)),
                        .tier = static_cast<int>(below(12)),
                        .recovery = below(2) == 0};
    const std::string receiver = fmt::format("user:{}", below(12));
    const std::string integration =
        fmt::format("{}[{}]", below(2) == 0 ? "email" : "sms", below(3));
    const std::string parts = fmt::format("{}/{}/{}/{}/{}/{}/{}", incident, step.epoch, step.loop,
                                          step.tier, step.recovery, receiver, integration);
    const auto [it, added] = seen.emplace(PageKey(incident, step, receiver, integration), parts);
    ASSERT_EQ(it->second, parts);
  }
  EXPECT_GT(seen.size(), 15'000U);
}

}  // namespace
}  // namespace outrider
