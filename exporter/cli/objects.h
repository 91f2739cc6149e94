// SPDX-License-Identifier: Apache-2.0
// What the commands of object_commands.h do; each part is one file.
#pragma once

#include <string>

#include "exporter/cli/commands.h"

namespace outrider {

// What is configured by API, and by whose name.
struct ObjectKind {
  const char* command;  // the command that it stands below
  const char* word;     // schedule
  const char* list;     // schedules: of the API's answer, and of incidents.yml
  const char* path;     // below /outrider/v1/
  const char* help;
};
struct ObjectOptions {
  std::string name;  // of show and delete
  std::string file;  // of apply; "-": standard input
};
struct ContactOptions {
  std::string user;
  std::string method;
  std::string code;
};
struct FeedOptions {
  std::string schedule;
  std::string user;
  std::string expires_in;
  std::string id;  // of revoke
};

// objects.cc
int RunObjectList(const ClientOptions& client, const ObjectKind& kind);
int RunObjectShow(const ClientOptions& client, const ObjectKind& kind, const std::string& name);
int RunObjectApply(const ClientOptions& client, const ObjectKind& kind, const std::string& file);
int RunObjectDelete(const ClientOptions& client, const ObjectKind& kind, const std::string& name);
// contact.cc
int RunContactList(const ClientOptions& client, const ContactOptions& options);
int RunContactSendCode(const ClientOptions& client, const ContactOptions& options);
int RunContactVerify(const ClientOptions& client, const ContactOptions& options);
// calendar_feed.cc
int RunFeedCreate(const ClientOptions& client, const FeedOptions& options);
int RunFeedList(const ClientOptions& client, const FeedOptions& options);
int RunFeedRevoke(const ClientOptions& client, const FeedOptions& options);

}  // namespace outrider
