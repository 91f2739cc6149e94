// SPDX-License-Identifier: Apache-2.0
// Tokens, codes and the section `answering`: what needs no desk.
#include <gmock/gmock.h>

#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_config.h"
#include "notifiers/desk/answer_token.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"
#include "tests/notifiers/desk/desk_fixture.h"

namespace outrider {
namespace {

using ::testing::HasSubstr;

constexpr Nanos kExpiry = kT0 + 3600 * kNanosPerSecond;
const AnswerClaim kClaim{AnswerAction::kResolve, "i7k2m9q4t", "user:anna", kExpiry, {7, 70'000, 2}};

AnswerKeys NewKeys(uint64_t seed) {
  SeededRandom random(seed);
  return WithNewKey({}, random, kT0, kT0);
}

// As the first format had them.
std::string OldLink(const AnswerKeys& keys, const AnswerClaim& claim) {
  const std::string payload = RowWriter(1)
                                  .Enum(claim.action)
                                  .I64(claim.expires_at / kNanosPerSecond)
                                  .Text(claim.incident_id)
                                  .Text(claim.contact)
                                  .Take();
  return Base64UrlEncode(payload + HmacSha256(keys.keys[0].secret, "outrider answer\n" + payload));
}
std::string OldButton(const AnswerKeys& keys, const AnswerClaim& claim) {
  std::string payload{'\x81', static_cast<char>(claim.action)};
  payload += BigEndian64(static_cast<uint64_t>(claim.expires_at / kNanosPerSecond / 60)).substr(4);
  payload += claim.incident_id;
  const std::string mac = HmacSha256(keys.keys[0].secret, "outrider button\n" + payload);
  return Base64UrlEncode(payload + mac.substr(0, 12));
}

TEST(AnswerToken, SaysWhatWasSignedUntilItExpires) {
  const AnswerKeys keys = NewKeys(1);
  ASSERT_EQ(keys.keys.front().secret.size(), 32U);
  const std::string token = SignAnswer(keys, kClaim);
  const auto read = ReadAnswer(keys, token, kExpiry - 1);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, kClaim);
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadAnswer(keys, token, kExpiry).status()));
  EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
            std::string::npos);
}

TEST(AnswerToken, ButtonsAreShortAndNameNobody) {
  const AnswerKeys keys = NewKeys(1);
  const std::string token = SignButton(keys, kClaim);
  EXPECT_LE(token.size(), 54U);
  const auto read = ReadAnswer(keys, token, kT0);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->action, AnswerAction::kResolve);
  EXPECT_EQ(read->incident_id, "i7k2m9q4t");
  EXPECT_EQ(read->contact, "");
  EXPECT_EQ(read->step, kClaim.step);
  EXPECT_GE(read->expires_at, kExpiry);
  EXPECT_LT(read->expires_at, kExpiry + 60 * kNanosPerSecond);
  AnswerClaim longer = kClaim;
  longer.incident_id = std::string(12, 'x');
  longer.step.tier = AnsweredStep::kNoTier;
  EXPECT_LE(SignButton(keys, longer).size(), 54U);
  EXPECT_EQ(ReadAnswer(keys, SignButton(keys, longer), kT0)->step.tier, AnsweredStep::kNoTier);
  longer.incident_id += 'x';
  EXPECT_EQ(SignButton(keys, longer), "");
}

TEST(AnswerToken, NoChangedCharacterPasses) {
  const AnswerKeys keys = NewKeys(1);
  for (const std::string& token : {SignAnswer(keys, kClaim), SignButton(keys, kClaim)}) {
    for (size_t i = 0; i < token.size(); ++i) {
      std::string forged = token;
      forged[i] = forged[i] == 'A' ? 'B' : 'A';
      EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer(keys, forged, kT0).status())) << i;
      EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer(keys, token.substr(0, i), kT0).status()));
    }
    EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer(keys, token + "A", kT0).status()));
    EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer(NewKeys(2), token, kT0).status()));
    EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer({}, token, kT0).status()));
  }
  EXPECT_EQ(SignAnswer({}, kClaim), "");
}

// Messages that went out before an update can still be answered.
TEST(AnswerToken, TokensWithoutAStepAreRead) {
  const AnswerKeys keys{{{std::string(32, 'k'), 1, 0}}};
  // Made by SignAnswer and SignButton of format 1.
  for (const std::string& token : {OldLink(keys, kClaim), OldButton(keys, kClaim)}) {
    const auto read = ReadAnswer(keys, token, kT0);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->action, kClaim.action);
    EXPECT_EQ(read->incident_id, kClaim.incident_id);
    EXPECT_EQ(read->step, AnsweredStep{});
  }
}

TEST(AnswerToken, AnOldKeyProvesUntilItsTokensExpire) {
  SeededRandom random(9);
  const AnswerKeys old = NewKeys(1);
  const std::string token = SignAnswer(old, kClaim);
  const AnswerKeys rotated = WithNewKey(old, random, kT0, kExpiry);
  EXPECT_TRUE(ReadAnswer(rotated, token, kExpiry - 1).ok());
  EXPECT_NE(SignAnswer(rotated, kClaim), token);
  EXPECT_TRUE(ReadAnswer(rotated, SignAnswer(rotated, kClaim), kT0).ok());
  const AnswerKeys revoked = WithNewKey(rotated, random, kT0, kT0);
  EXPECT_EQ(revoked.keys.size(), 1U);
  EXPECT_TRUE(absl::IsPermissionDenied(ReadAnswer(revoked, token, kT0).status()));
  const auto again = DecodeAnswerKeys(EncodeAnswerKeys(rotated));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, rotated);
  EXPECT_FALSE(DecodeAnswerKeys(EncodeAnswerKeys({{{"short", 1, 0}}})).ok());
}

TEST(AnswerToken, Base64UrlHasOneTextForTheSameBytes) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    const std::string text = Base64UrlEncode(bytes);
    EXPECT_EQ(Base64UrlDecode(text), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
  for (const char* bad : {"A", "AB", "ABCDE", "A+==", "AA=", "QUI/", "a b"}) {
    EXPECT_EQ(Base64UrlDecode(bad), std::nullopt) << bad;
  }
}

TEST(AnswerCodes, NumbersGoRoundAndStayWithTheirIncident) {
  AnswerCodes codes;
  const auto give = [&](const std::string& id, Nanos now) {
    return GiveNumber({0, id, "user:anna", now + Sec(100)}, now, &codes);
  };
  EXPECT_EQ(give("a", kT0), 1);
  EXPECT_EQ(give("b", kT0), 2);
  EXPECT_EQ(give("a", kT0 + Sec(50)), 1);
  EXPECT_EQ(FindNumber(codes, 1, kT0 + Sec(149))->incident_id, "a") << "it was paged again";
  EXPECT_EQ(FindNumber(codes, 2, kT0 + Sec(100)), nullptr);
  EXPECT_EQ(give("c", kT0 + Sec(100)), 3) << "2 is free, but might still be meant";
  EXPECT_EQ(FindNumber(codes, 0, kT0 + Sec(100)), nullptr) << "two: which one?";
  EXPECT_EQ(FindNumber(codes, 0, kT0 + Sec(150))->incident_id, "c");
  for (int i = 0; i < 300; ++i) EXPECT_LE(give(std::string("x") + std::to_string(i), kT0), 99);
  EXPECT_EQ(codes.entries.size(), 99U);
  const auto again = DecodeAnswerCodes(EncodeAnswerCodes(codes));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, codes);
}

TEST(AnswerCodes, ANumberKnowsTheStepOfTheNewestPage) {
  AnswerCodes codes;
  const auto give = [&](const AnsweredStep& step) {
    GiveNumber({0, "a", "user:anna", kT0 + Sec(100), step}, kT0, &codes);
    return DecodeAnswerCodes(EncodeAnswerCodes(codes))->entries[0].step;
  };
  EXPECT_EQ(give({2, 0, 0}), (AnsweredStep{2, 0, 0}));
  EXPECT_EQ(give({2, 1, 3}), (AnsweredStep{2, 1, 3}));
  EXPECT_EQ(give({2, 0, AnsweredStep::kNoTier}), (AnsweredStep{2, 1, 3}))
      << "a question is of no step";
}

TEST(AnswerCodes, FiveAnswersAnHour) {
  AnswerCodes codes;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(CountReply(kT0 + Sec(i), &codes));
  EXPECT_FALSE(CountReply(kT0 + Sec(3599), &codes));
  EXPECT_TRUE(CountReply(kT0 + Sec(3600), &codes));
  EXPECT_FALSE(CountReply(kT0 + Sec(3600), &codes));
  EXPECT_TRUE(CountReply(kT0 - Sec(7200), &codes)) << "the clock was set back";
}

TEST(AnswerCodes, TextsOfPeople) {
  struct Case {
    const char* text;
    int number;  // -1: not understood
    AnswerAction action;
  };
  const Case cases[] = {{"1a", 1, AnswerAction::kAcknowledge},
                        {" 12 ACK \n", 12, AnswerAction::kAcknowledge},
                        {"3r", 3, AnswerAction::kResolve},
                        {"3C", 3, AnswerAction::kResolve},
                        {"99e", 99, AnswerAction::kEscalate},
                        {"a", 0, AnswerAction::kAcknowledge},
                        {"resolve", 0, AnswerAction::kResolve},
                        {"", -1, {}},
                        {"1", -1, {}},
                        {"0a", -1, {}},
                        {"100a", -1, {}},
                        {"99999999999999999999a", -1, {}},
                        {"1aa", -1, {}},
                        {"on my way", -1, {}},
                        {"STOP", -1, {}}};
  for (const Case& one : cases) {
    const auto read = ParseCodeAnswer(one.text);
    ASSERT_EQ(read.has_value(), one.number >= 0) << one.text;
    if (!read) continue;
    EXPECT_EQ(read->number, one.number) << one.text;
    EXPECT_EQ(read->action, one.action) << one.text;
  }
  EXPECT_EQ(PhoneText("+49 (170) 12-3"), "+49170123");
}

TEST(AnswerConfig, ReadsTheSectionAndNamesMistakes) {
  const auto parse = [](const char* text) {
    return ParseAnswering(ParseYaml(text, "i.yml").value(), "i.yml");
  };
  const auto none = parse("");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->enabled);
  EXPECT_EQ(none->expire, 24 * kHour);
  EXPECT_FALSE(none->slack.on());
  const auto all = parse(
      "{enabled: false, expire: 2h, slack: {signing_secret: s, users: {U1: anna}}, "
      "telegram: {secret_token_file: t}, twilio: {auth_token: a}}");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_FALSE(all->enabled);
  EXPECT_EQ(all->expire, 2 * kHour);
  EXPECT_EQ(all->slack.NameOf("U1", "x"), "anna");
  EXPECT_EQ(all->slack.NameOf("U2", "x"), "x");
  EXPECT_TRUE(all->telegram.on());
  const std::pair<const char*, const char*> bad[] = {
      {"{expire: 30s}", "i.yml:1:10: must be from 1m to 30d"},
      {"{expire: 31d}", "must be from 1m to 30d"},
      {"{slack: {}}", "missing signing_secret or signing_secret_file"},
      {"{slack: {signing_secret: ' '}}", "missing signing_secret"},
      {"{telegram: {secret_token: a, secret_token_file: b}}", "at most one of secret_token"},
      {"{twilio: {token: a}}", "token"},
      {"{teams: {}}", "teams"},
  };
  for (const auto& [text, error] : bad) {
    const auto read = parse(text);
    ASSERT_FALSE(read.ok()) << text;
    EXPECT_THAT(Message(read.status()), HasSubstr(error)) << text;
    EXPECT_THAT(Message(read.status()), HasSubstr("i.yml:1:")) << text;
  }
}

TEST(AnswerConfig, PhonesAreThoseThatAreNoTemplates) {
  const auto config = ParseAlertmanagerConfig(R"(
route: {receiver: a}
receivers:
  - name: a
    twilio_sms_configs: [{account_sid: A, auth_token: t, from: '+1', to: '+49 170 1'}, {account_sid: A, auth_token: t, from: '+1', to: '{{ "+2" }}'}]
    twilio_voice_configs: [{account_sid: A, auth_token: t, from: '+1', to: '+49-30'}]
)",
                                              "am.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  const auto phones = PhonesOf(*config);
  EXPECT_EQ(phones.size(), 2U);
  EXPECT_EQ(phones.at({"a", "twilio_sms[0]"}), "+491701");
  EXPECT_EQ(phones.at({"a", "twilio_voice[0]"}), "+4930");
}

}  // namespace
}  // namespace outrider
