@0xc1a4f27be9d3a650;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("warren::bench");

struct EchoMessage {
  value @0 :Text;
}

interface EchoService {
  echo @0 (request :EchoMessage) -> (reply :EchoMessage);
}
