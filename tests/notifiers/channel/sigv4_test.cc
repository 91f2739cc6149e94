// SPDX-License-Identifier: Apache-2.0
// Requests and signatures of AWS' public test suite for Signature Version 4 (credentials
// AKIDEXAMPLE, 2015-08-30T12:36:00Z, us-east-1, service "service").
#include "notifiers/channel/sigv4.h"

#include <gmock/gmock.h>

#include "storage/base/duration.h"

namespace outrider {
namespace {

const AwsCredentials kExample{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

std::string AuthorizationOf(const SigV4Request& request, std::string_view service = "service") {
  const auto headers =
      SigV4Headers(request, kExample, "us-east-1", service, *ParseRfc3339("2015-08-30T12:36:00Z"));
  EXPECT_EQ(headers.front(),
            (std::pair<std::string, std::string>{"X-Amz-Date", "20150830T123600Z"}));
  EXPECT_EQ(headers.back().first, "Authorization");
  return headers.back().second;
}

std::string SuiteAuthorization(const char* signed_headers, const char* signature) {
  return std::string(
             "AWS4-HMAC-SHA256 "
             "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
             "SignedHeaders=") +
         signed_headers + ", Signature=" + signature;
}

struct SuiteCase {
  const char* name;
  SigV4Request request;
  const char* signed_headers;
  const char* signature;
};

TEST(SigV4, AgreesWithTheSuite) {
  const SuiteCase cases[] = {
      {"get-vanilla",
       {"GET", "https://example.amazonaws.com/", {}, ""},
       "host;x-amz-date",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-vanilla-query-order-key-case",
       {"GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", {}, ""},
       "host;x-amz-date",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"post-vanilla",
       {"POST", "https://example.amazonaws.com/", {}, ""},
       "host;x-amz-date",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"post-x-www-form-urlencoded",
       {"POST",
        "https://example.amazonaws.com/",
        {{"Content-Type", "application/x-www-form-urlencoded"}},
        "Param1=value1"},
       "content-type;host;x-amz-date",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
      {"get-header-value-trim",
       {"GET",
        "https://example.amazonaws.com/",
        {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
        ""},
       "host;my-header1;my-header2;x-amz-date",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
  };
  for (const SuiteCase& one : cases) {
    EXPECT_EQ(AuthorizationOf(one.request), SuiteAuthorization(one.signed_headers, one.signature))
        << one.name;
  }
}

TEST(SigV4, ASessionTokenIsSigned) {
  AwsCredentials role = kExample;
  role.session_token = "token";
  const auto headers = SigV4Headers({"GET", "https://h/", {}, ""}, role, "r", "s", 0);
  EXPECT_EQ(headers[1], (std::pair<std::string, std::string>{"X-Amz-Security-Token", "token"}));
  EXPECT_THAT(headers.back().second,
              ::testing::HasSubstr("SignedHeaders=host;x-amz-date;x-amz-security-token,"));
}

TEST(SigV4, ThePortOfTheSchemeIsNotPartOfTheHost) {
  EXPECT_EQ(AuthorizationOf({"GET", "https://example.amazonaws.com:443/", {}, ""}),
            AuthorizationOf({"GET", "https://example.amazonaws.com", {}, ""}));
  EXPECT_NE(AuthorizationOf({"GET", "https://example.amazonaws.com:8443/", {}, ""}),
            AuthorizationOf({"GET", "https://example.amazonaws.com/", {}, ""}));
}

}  // namespace
}  // namespace outrider
