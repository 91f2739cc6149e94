// SPDX-License-Identifier: Apache-2.0
// Where the credentials of a sigv4 section come from: the section, the environment or the shared
// credentials file, and the role that is then assumed through STS. Not looked for: instance
// metadata, container and web identity.
#pragma once

#include <string>
#include <string_view>

#include "absl/synchronization/mutex.h"
#include "notifiers/channel/http_channel.h"
#include "notifiers/channel/sigv4.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// What the process' environment says, as it was when the configuration was loaded.
struct AwsEnvironment {
  AwsCredentials credentials;
  std::string region;
  std::string profile = "default";
  std::string credentials_file;  // "" when there is no home directory
};
AwsEnvironment ReadAwsEnvironment();

struct AwsSettings {
  std::string region;
  AwsCredentials credentials;  // empty access key: from the file
  std::string credentials_file;
  std::string profile;
  std::string role_arn;
  std::string external_id;
};
AwsSettings ReadAwsSettings(const YamlNode& sigv4, const AwsEnvironment& environment);

// The credentials of a profile in the text of a shared credentials file; NotFound without it.
StatusOr<AwsCredentials> CredentialsOfProfile(std::string_view text, std::string_view profile);

// sns.eu-west-1.amazonaws.com and the like, with the domain that the region has.
std::string AwsEndpoint(std::string_view service, std::string_view region);

// Thread-safe. Keeps a role's credentials until shortly before they end.
class AwsCredentialSource {
 public:
  explicit AwsCredentialSource(AwsSettings settings) : settings_(std::move(settings)) {}
  const AwsSettings& settings() const { return settings_; }

  // Fills *credentials, or gives the outcome of a call that did not (kDelivered: it did).
  StatusOr<SendResult> Get(HttpAttempt& attempt, AwsCredentials* credentials);

 private:
  StatusOr<AwsCredentials> Own() const;
  StatusOr<SendResult> AssumeRole(HttpAttempt& attempt, AwsCredentials* credentials);

  const AwsSettings settings_;
  absl::Mutex mutex_;
  AwsCredentials role_ ABSL_GUARDED_BY(mutex_);
  Nanos role_ends_at_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The text of the first element of that name in an answer, "" without.
std::string XmlText(std::string_view xml, std::string_view element);

}  // namespace outrider
