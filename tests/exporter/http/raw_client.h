// SPDX-License-Identifier: Apache-2.0
// A client of a few lines on a plain loopback socket: bytes in, one parsed answer out.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace outrider {

struct RawAnswer {
  int status = 0;                              // 0: no answer came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // chunks joined, not decompressed
};

// One connection. Reads give up after five seconds, so that a broken server fails a test instead of
// hanging it.
class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::string_view bytes) const;
  void FinishSending() const;  // half-closes
  // `head`: the answer is one to HEAD.
  RawAnswer Read(bool head = false);
  std::string ReadLine();  // up to \r\n
  bool AtEnd();            // the server has closed

 private:
  bool Fill();
  std::string Take(size_t count);

  int socket_ = -1;
  std::string buffer_;
};

// GET with extra header lines (`X: y\r\n`) on a connection of its own.
RawAnswer Get(int port, std::string_view target, std::string_view extra_headers = "");
RawAnswer Post(int port, std::string_view target, std::string_view content_type,
               std::string_view body, std::string_view extra_headers = "");

}  // namespace outrider
