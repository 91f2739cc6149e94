// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/aws_credentials.h"

#include <gmock/gmock.h>

namespace outrider {
namespace {

constexpr const char* kFile = R"(# comment
[default]
aws_access_key_id = A1
aws_secret_access_key=S1

[ team ]
AWS_ACCESS_KEY_ID = A2
aws_secret_access_key = S2 = x
# aws_session_token = no
aws_session_token = T2
[half]
aws_access_key_id = A3
)";

YamlNode Section(const char* yaml) { return ParseYaml(yaml, "am.yml").value(); }

TEST(AwsCredentials, ProfilesOfAFile) {
  const auto plain = CredentialsOfProfile(kFile, "default");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->access_key, "A1");
  EXPECT_EQ(plain->secret_key, "S1");
  EXPECT_EQ(plain->session_token, "");
  const auto team = CredentialsOfProfile(kFile, "team");
  ASSERT_TRUE(team.ok());
  EXPECT_EQ(team->access_key, "A2");
  EXPECT_EQ(team->secret_key, "S2 = x");
  EXPECT_EQ(team->session_token, "T2");
  for (const char* name : {"half", "none", ""}) {
    EXPECT_FALSE(CredentialsOfProfile(kFile, name).ok()) << name;
  }
  EXPECT_FALSE(CredentialsOfProfile("[", "x").ok());
}

TEST(AwsCredentials, TheSectionComesBeforeTheEnvironment) {
  AwsEnvironment environment;
  environment.credentials = {"EA", "ES", "ET"};
  environment.region = "eu-north-1";
  environment.credentials_file = "/f";
  const AwsSettings from_environment = ReadAwsSettings(YamlNode(), environment);
  EXPECT_EQ(from_environment.credentials.access_key, "EA");
  EXPECT_EQ(from_environment.region, "eu-north-1");
  EXPECT_EQ(from_environment.profile, "default");
  const AwsSettings own =
      ReadAwsSettings(Section("{region: r, access_key: A, secret_key: S}"), environment);
  EXPECT_EQ(own.credentials.access_key, "A");
  EXPECT_EQ(own.credentials.session_token, "");
  EXPECT_EQ(own.region, "r");
  // A profile is asked for: the environment's keys are not.
  const AwsSettings profile = ReadAwsSettings(Section("{profile: team}"), environment);
  EXPECT_EQ(profile.credentials.access_key, "");
  EXPECT_EQ(profile.profile, "team");
  EXPECT_EQ(profile.credentials_file, "/f");
}

TEST(AwsCredentials, TextsOfAnAnswer) {
  EXPECT_EQ(XmlText("<a><Code> x </Code></a>", "Code"), "x");
  EXPECT_EQ(XmlText("<Code></Code>", "Code"), "");
  EXPECT_EQ(XmlText("<Code>x", "Code"), "");
  EXPECT_EQ(XmlText("", "Code"), "");
}

}  // namespace
}  // namespace outrider
