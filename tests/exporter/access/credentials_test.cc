// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/credentials.h"

#include <gtest/gtest.h>

#include "storage/base/text.h"
#include "tests/exporter/http/fake_request.h"

namespace outrider {
namespace {

using Kind = Credentials::Kind;

TEST(Credentials, AuthorizationHeaders) {
  const struct {
    std::string header;
    Credentials expected;
  } kCases[] = {
      {"", {Kind::kNone, "", ""}},
      {"Basic " + Base64Encode("anna:secret"), {Kind::kBasic, "anna", "secret"}},
      {"bAsIc   " + Base64Encode("anna:a:b"), {Kind::kBasic, "anna", "a:b"}},
      {"Basic YW5uYTo", {Kind::kBasic, "anna", ""}},  // without padding
      {"Basic " + Base64Encode(":"), {Kind::kBasic, "", ""}},
      {"Basic " + Base64Encode("anna"), {Kind::kUnreadable, "", ""}},
      {"Basic a", {Kind::kUnreadable, "", ""}},
      {"Basic ====", {Kind::kUnreadable, "", ""}},
      {"Basic YW5u!TpzZWNyZXQ=", {Kind::kUnreadable, "", ""}},
      {"Basic", {Kind::kUnreadable, "", ""}},
      {"Bearer otr_1", {Kind::kToken, "", "otr_1"}},
      {"BEARER  otr_1 ", {Kind::kToken, "", "otr_1"}},
      {"Digest username=anna", {Kind::kUnreadable, "", ""}},
      {"Basic " + std::string(5000, 'A'), {Kind::kUnreadable, "", ""}},
      {"Basic " + Base64Encode(std::string_view("a\0b:\xff", 5)),
       {Kind::kBasic, std::string("a\0b", 3), "\xff"}},
  };
  for (const auto& c : kCases) {
    const Credentials given = ParseAuthorization(c.header);
    EXPECT_EQ(given, c.expected) << c.header << " gives " << given.name << " " << given.secret;
  }
}

TEST(Credentials, Cookies) {
  const struct {
    const char* header;
    const char* expected;
  } kCases[] = {
      {"", ""},
      {"outrider_session=abc", "abc"},
      {"a=b; outrider_session=abc; c=d", "abc"},
      {"a=b;outrider_session=abc", "abc"},
      {"outrider_session=\"abc\"", "abc"},
      {"outrider_session=one; outrider_session=two", "one"},
      {"xoutrider_session=abc", ""},
      {"outrider_session", ""},
      {"outrider_session=", ""},
      {"outrider_session=\"", "\""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(FindCookie(c.header, kSessionCookie), c.expected) << c.header;
  }
}

TEST(Credentials, TheHeaderCountsBeforeTheCookie) {
  const FakeRequest both = FakeRequest("GET", "/")
                               .With("Authorization", "Bearer t")
                               .With("Cookie", "outrider_session=s");
  EXPECT_EQ(CredentialsOf(both).kind, Kind::kToken);
  const FakeRequest cookie = FakeRequest("GET", "/").With("Cookie", "outrider_session=s");
  EXPECT_EQ(CredentialsOf(cookie), (Credentials{Kind::kSession, "", "s"}));
  EXPECT_EQ(CredentialsOf(FakeRequest("GET", "/")).kind, Kind::kNone);
}

}  // namespace
}  // namespace outrider
