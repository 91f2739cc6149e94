// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/mute/silence_book.h"
#include "storage/base/random.h"

namespace outrider {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Nanos kS = kNanosPerSecond;

Silence Make(std::string_view matchers, Nanos starts, Nanos ends) {
  Silence silence;
  silence.id = "id";
  silence.matchers = *ParseMatchers(matchers);
  silence.starts_at = starts;
  silence.ends_at = ends;
  silence.created_by = "anna";
  silence.comment = "why";
  return silence;
}

TEST(Silence, States) {
  const Silence silence = Make("a=b", 10 * kS, 20 * kS);
  const std::pair<Nanos, std::string_view> table[] = {
      {0, "pending"},          {10 * kS - 1, "pending"}, {10 * kS, "active"},
      {20 * kS - 1, "active"}, {20 * kS, "expired"},     {99 * kS, "expired"}};
  for (const auto& [now, state] : table) EXPECT_EQ(SilenceStateText(silence.StateAt(now)), state);
}

TEST(Silence, Validation) {
  const std::pair<Silence, std::string> table[] = {
      {Make("a=b", kS, 2 * kS), ""},
      {Make("", kS, 2 * kS), "at least one matcher required"},
      {Make("a=\"\"", kS, 2 * kS),
       "matcher set 0: at least one matcher must not match the empty string"},
      {Make("a=~\".*\",b=~\"x|\"", kS, 2 * kS),
       "matcher set 0: at least one matcher must not match the empty string"},
      {Make("a!=b", kS, 2 * kS), ""},
      {Make("a!~x", kS, 2 * kS), ""},
      {Make("a=\"\",b!=c", kS, 2 * kS), ""},
      {Make("a=~\".*\",b=~\".+\"", kS, 2 * kS), ""},
      {Make("a=b", 0, 2 * kS), "invalid zero start timestamp"},
      {Make("a=b", kS, 0), "invalid zero end timestamp"},
      {Make("a=b", 3 * kS, 2 * kS), "end time must not be before start time"},
  };
  for (const auto& [silence, error] : table) {
    EXPECT_EQ(Message(ValidateSilence(silence)), error) << MatchersText(silence.matchers);
  }
}

TEST(Silence, TextMustBeUtf8) {
  Silence silence = Make("a=b", kS, 2 * kS);
  silence.comment = "half a surrogate: \xed\xbf\xbf";
  EXPECT_EQ(Message(ValidateSilence(silence)), "silence holds text that is not valid UTF-8");
}

struct UpdateCase {
  const char* name;
  Silence update;
  Nanos now;
  bool in_place;
};

class SilenceUpdate : public ::testing::TestWithParam<UpdateCase> {};

TEST_P(SilenceUpdate, InPlaceOrNew) {
  const Silence current = Make("a=b", 10 * kS, 20 * kS);
  const UpdateCase& c = GetParam();
  EXPECT_EQ(CanUpdateInPlace(current, c.update, c.now), c.in_place);
  const auto change = DecideSilence(&current, c.update, c.now, "fresh");
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_EQ(change->stored.updated_at, c.now);
  EXPECT_EQ(change->stored.id, c.in_place ? "id" : "fresh");
  const bool ends_old = !c.in_place && current.StateAt(c.now) != SilenceState::kExpired;
  ASSERT_EQ(change->expired.has_value(), ends_old);
  if (ends_old) {
    EXPECT_EQ(change->expired->id, "id");
    EXPECT_EQ(change->expired->StateAt(c.now), SilenceState::kExpired);
    EXPECT_EQ(change->expired->ends_at, c.now);
  }
  if (!c.in_place) {
    EXPECT_GE(change->stored.starts_at, c.now);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, SilenceUpdate,
    ::testing::Values(
        UpdateCase{"ActiveLonger", Make("a=b", 10 * kS, 99 * kS), 15 * kS, true},
        UpdateCase{"ActiveSameSecond", Make("a=b", 10 * kS + 5, 99 * kS), 15 * kS, true},
        UpdateCase{"ActiveEndsNow", Make("a=b", 10 * kS, 15 * kS), 15 * kS, true},
        UpdateCase{"ActiveOtherStart", Make("a=b", 11 * kS, 99 * kS), 15 * kS, false},
        UpdateCase{"ActiveOtherMatchers", Make("a=c", 10 * kS, 99 * kS), 15 * kS, false},
        UpdateCase{"PendingLater", Make("a=b", 12 * kS, 99 * kS), 5 * kS, true},
        UpdateCase{"PendingNow", Make("a=b", 5 * kS, 99 * kS), 5 * kS, true},
        UpdateCase{"PendingEarlierThanNow", Make("a=b", 4 * kS, 99 * kS), 5 * kS, false},
        UpdateCase{"Expired", Make("a=b", 10 * kS, 99 * kS), 50 * kS, false}),
    [](const auto& param) { return param.param.name; });

TEST(Silence, NewOnesBeginNow) {
  Silence fresh = Make("a=b", 5 * kS, 20 * kS);
  fresh.id.clear();
  const auto change = DecideSilence(nullptr, fresh, 10 * kS, "fresh");
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->stored.starts_at, 10 * kS);
  EXPECT_EQ(change->stored.id, "fresh");
  EXPECT_FALSE(change->expired.has_value());
  EXPECT_FALSE(DecideSilence(nullptr, fresh, 30 * kS, "fresh").ok()) << "over before it began";
}

TEST(Silence, UnknownId) {
  const auto change = DecideSilence(nullptr, Make("a=b", kS, 2 * kS), 0, "fresh");
  EXPECT_EQ(change.status().code(), absl::StatusCode::kNotFound);
}

TEST(Silence, ABadUpdateChangesNothing) {
  const Silence current = Make("a=b", 10 * kS, 20 * kS);
  EXPECT_FALSE(DecideSilence(&current, Make("a=\"\"", 10 * kS, 20 * kS), 15 * kS, "f").ok());
}

TEST(Silence, Expire) {
  const Silence silence = Make("a=b", 10 * kS, 20 * kS);
  const Silence pending = ExpireSilence(silence, 5 * kS);
  EXPECT_EQ(pending.starts_at, 5 * kS);
  EXPECT_EQ(pending.ends_at, 5 * kS);
  const Silence active = ExpireSilence(silence, 15 * kS);
  EXPECT_EQ(active.starts_at, 10 * kS);
  EXPECT_EQ(active.ends_at, 15 * kS);
  EXPECT_EQ(active.updated_at, 15 * kS);
  EXPECT_EQ(ExpireSilence(silence, 25 * kS).ends_at, 20 * kS);
}

TEST(Silence, SilencedByListsActiveOnesInOrder) {
  SilenceBook silences;
  const auto put = [&](const char* id, Silence silence) {
    silence.id = id;
    silences.Put(silence);
  };
  put("b", Make("a=~\"x|y\"", 10 * kS, 20 * kS));
  put("a", Make("a=x", 10 * kS, 20 * kS));
  put("c", Make("a=x,z=\"\"", 10 * kS, 20 * kS));
  put("d", Make("a=x,z!=\"\"", 10 * kS, 20 * kS));
  put("e", Make("a=x", 18 * kS, 20 * kS));
  const Labels labels = {{"a", "x"}};
  EXPECT_THAT(SilencedBy(silences, labels, 15 * kS), ElementsAre("a", "b", "c"));
  EXPECT_THAT(SilencedBy(silences, labels, 5 * kS), IsEmpty());
  EXPECT_THAT(SilencedBy(silences, {{"a", "y"}}, 15 * kS), ElementsAre("b"));
}

// Of a thousand silences that each name a host, an alert is compared with those of its host.
TEST(SilenceBook, CandidatesAreFew) {
  SilenceBook silences;
  for (int i = 0; i < 1000; ++i) {
    Silence silence = Make(fmt::format("host=h{},team!=x", i), 10 * kS, 20 * kS);
    silence.id = fmt::format("{:04}", i);
    silences.Put(silence);
  }
  Silence other = Make("team=~\"a|b\"", 10 * kS, 20 * kS);
  silences.Put(other);
  EXPECT_EQ(silences.Candidates({{"host", "h7"}}).size(), 2U);
  EXPECT_EQ(silences.Candidates({{"team", "h7"}}).size(), 1U);
}

// However silences come, change and go, the answer is that of asking each.
TEST(SilenceBook, AnswersAsIfEachWereAsked) {
  const char* const matchers[] = {"a=x",   "a=y",     "b=x",      "a=\"\",b=y", "a!=x",
                                  "a=~x|", "b=y,a=x", "c!~\"x\"", "b=~\"x|y\""};
  const Labels alerts[] = {{}, {{"a", "x"}}, {{"a", "y"}}, {{"a", "x"}, {"b", "y"}}, {{"c", "x"}}};
  SilenceBook book;
  std::map<std::string, Silence> plain;
  SeededRandom random(7);
  for (int step = 0; step < 2000; ++step) {
    const std::string id = std::to_string(random.Next() % 12);
    if (random.Next() % 4 == 0) {
      book.Erase(id);
      plain.erase(id);
    } else {
      const Nanos start = static_cast<Nanos>(random.Next() % 20) * kS;
      Silence silence = Make(matchers[random.Next() % std::size(matchers)], start, start + 9 * kS);
      silence.id = id;
      book.Put(silence);
      plain[id] = silence;
    }
    for (const Labels& labels : alerts) {
      std::vector<std::string> wanted;
      for (const auto& [key, silence] : plain) {
        if (silence.Mutes(labels, 15 * kS)) wanted.push_back(key);
      }
      ASSERT_EQ(SilencedBy(book, labels, 15 * kS), wanted) << labels.ToString();
    }
  }
  EXPECT_EQ(book.size(), plain.size());
}

TEST(Silence, RoundTrip) {
  Silence silence = Make(R"(a="q\"\n",b!=c,c=~"d.*",e!~"f")", 1'700'000'000'123'456'789, 20 * kS);
  silence.updated_at = -5;
  silence.comment = "ünï \x01 \"quoted\"";
  silence.annotations = {{"ticket", "X-1"}, {"", "empty"}};
  const auto again = DecodeSilence(EncodeSilence(silence));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->id, silence.id);
  EXPECT_EQ(again->matchers, silence.matchers);
  EXPECT_EQ(again->starts_at, silence.starts_at);
  EXPECT_EQ(again->ends_at, silence.ends_at);
  EXPECT_EQ(again->updated_at, silence.updated_at);
  EXPECT_EQ(again->created_by, "anna");
  EXPECT_EQ(again->comment, silence.comment);
  EXPECT_EQ(again->annotations, silence.annotations);
}

TEST(Silence, DecodeRefusesWhatIsNotOne) {
  for (const std::string_view bytes :
       {"", "{", "[]", "{}", "{\"version\":3,\"id\":\"x\"}", "{\"version\":1}",
        "{\"version\":1,\"id\":\"x\",\"matchers\":[{\"t\":9}]}",
        "{\"version\":1,\"id\":\"x\",\"matchers\":[{\"t\":2,\"n\":\"a\",\"v\":\"(\"}]}"}) {
    EXPECT_FALSE(DecodeSilence(bytes).ok()) << bytes;
  }
}

}  // namespace
}  // namespace outrider
