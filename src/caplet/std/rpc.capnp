# The messages of the RPC protocol.
#
# Two vats exchange `Message`s over a connection that keeps their order. Each side numbers what it has to keep apart in
# four tables: questions (calls that it has made), answers (calls that it received), exports (objects that the peer may
# call) and imports (objects of the peer). An export of one side is an import of the other, and a question of one side is
# an answer of the other, with the same numbers.
#
# Levels say how much a vat does: 0 calls on the bootstrap object, 1 references in both directions and pipelining,
# 2 capabilities that outlive connections, 3 capabilities handed from one connection to another, 4 joins.

@0xb312981b2552a250;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("capnp::rpc");

using QuestionId = UInt32;
# Numbers a call, chosen by the caller. It can be used again after the Return was received and the Finish sent. The range
# from 2^30 to 2^31 - 1 belongs to answers numbered by the callee (ThirdPartyAnswer).

using AnswerId = QuestionId;
# The same number, as the callee sees it.

using ExportId = UInt32;
# Numbers an object that the peer may call, chosen by its owner. It is counted: each descriptor that mentions the object
# adds one, Release takes away, and at zero the number is free.

using ImportId = ExportId;
# The same number, as the receiver of the reference sees it.

struct Message @0x91b79f1f808db032 {
  # What is sent.

  union {
    unimplemented @0 :Message;
    # Gives a message back that the sender of this one does not understand.

    abort @1 :Exception;
    # Ends the connection, because the peer broke the protocol or this side must stop.

    # Level 0 ---------------------------------------------------------------------------------------------------------

    bootstrap @8 :Bootstrap;
    call @2 :Call;
    return @3 :Return;
    finish @4 :Finish;

    # Level 1 ---------------------------------------------------------------------------------------------------------

    resolve @5 :Resolve;
    release @6 :Release;
    disembargo @13 :Disembargo;

    # Level 2 ---------------------------------------------------------------------------------------------------------

    obsoleteSave @7 :AnyPointer;
    # Never used. Saving is a method of an interface, see persistent.capnp.

    obsoleteDelete @9 :AnyPointer;
    # Never used.

    # Level 3 ---------------------------------------------------------------------------------------------------------

    provide @10 :Provide;
    accept @11 :Accept;
    thirdPartyAnswer @14 :ThirdPartyAnswer;

    # Level 4 ---------------------------------------------------------------------------------------------------------

    join @12 :Join;
  }
}

struct Bootstrap @0xe94ccf8031176ec4 {
  # Asks for the object that the peer offers to everybody. The answer is a Return whose content is a capability.

  questionId @0 :QuestionId;

  deprecatedObjectId @1 :AnyPointer;
  # Once named one of several objects. Null in new programs.
}

struct Call @0x836a53ce789d4cd4 {
  # Calls a method.

  questionId @0 :QuestionId;
  # The number under which the answer will come.

  target @1 :MessageTarget;
  # The object.

  interfaceId @2 :UInt64;
  # The id of the interface that declares the method.

  methodId @3 :UInt16;
  # The method's ordinal.

  allowThirdPartyTailCall @8 :Bool = false;
  # Whether the receiver may answer with `awaitFromThirdParty`.

  noPromisePipelining @9 :Bool = false;
  # Promises that no call will be made on this call's results before they have arrived.

  onlyPromisePipeline @10 :Bool = false;
  # Says that the results are only wanted as targets of other calls. No Return needs to be sent.

  params @4 :Payload;
  # The parameters; the content is the method's parameter struct.

  sendResultsTo :union {
    # Where the results go.

    caller @5 :Void;
    # Into the Return, as usual.

    yourself @6 :Void;
    # Nowhere: the receiver keeps them, for another call that it made itself and that this one answers. The Return is
    # `resultsSentElsewhere`, and the Return of the other call names this one (`takeFromOtherQuestion`).

    thirdParty @7 :ThirdPartyToContact;
    # To another vat.
  }
}

struct Return @0x9e19b28d3db3573a {
  # Answers a call.

  answerId @0 :AnswerId;
  # The call.

  releaseParamCaps @1 :Bool = true;
  # Whether all capabilities in the parameters are released with this message. When false, the callee releases them one
  # by one.

  noFinishNeeded @8 :Bool = false;
  # Says that the caller need not send a Finish: the answer is forgotten already. Only when the results hold no
  # capabilities.

  union {
    results @2 :Payload;
    # It went well; the content is the method's result struct.

    exception @3 :Exception;
    # It failed.

    canceled @4 :Void;
    # It was stopped because a Finish came first.

    resultsSentElsewhere @5 :Void;
    # It went well and the call had asked for its results to go elsewhere.

    takeFromOtherQuestion @6 :QuestionId;
    # The results are those of another call, which the sender of this message made with `sendResultsTo.yourself`.

    awaitFromThirdParty @7 :ThirdPartyToAwait;
    # The results come from another vat.
  }
}

struct Finish @0xd37d2eb2c2f80e63 {
  # Says that the caller needs an answer no more: it has the results, or it lost interest. Then the number is free, and a
  # call that still runs may be stopped.

  questionId @0 :QuestionId;

  releaseResultCaps @1 :Bool = true;
  # Whether all capabilities in the results are released with this message; also those of a Return still on its way.

  requireEarlyCancellationWorkaround @2 :Bool = true;
  # Asks the callee to start the method before this cancels it, as old programs need. New programs send false.
}

struct Resolve @0xbbc29655fa89086e {
  # Tells what a promise, exported earlier, has become. Messages sent to the promise before this one arrives are passed
  # on by its owner. Sent once for each promise that was not released.

  promiseId @0 :ExportId;
  # The promise. This mention is not counted as a reference.

  union {
    cap @1 :CapDescriptor;
    # The object that it became.

    exception @2 :Exception;
    # Why it became none.
  }
}

struct Release @0xad1a6c0d7dd07497 {
  # Gives back references to an object of the peer.

  id @0 :ImportId;
  # The object.

  referenceCount @1 :UInt32;
  # How many references: all those that were received and not yet given back, or some of them.
}

struct Disembargo @0xf964368b0fbd3711 {
  # Goes the way that earlier calls went and comes back, so that the sender knows when they have arrived and newer calls
  # may take a shorter way.

  target @0 :MessageTarget;
  # The promise, or the pipelined result, through which the earlier calls went.

  using EmbargoId = UInt32;
  # Numbers an embargo, chosen by whoever holds calls back.

  context :union {
    senderLoopback @1 :EmbargoId;
    # The target leads back to the sender of this message. The receiver sends it back as `receiverLoopback`, behind all
    # calls to the target.

    receiverLoopback @2 :EmbargoId;
    # The echo: what was held back may go.

    accept @3 :Data;
    # The target is a promise that became a capability of a third vat. Passed on to that vat, where it lets the Accept
    # with the same `embargo` proceed.
  }
}

struct Provide @0x9c6a046bfbc1ac5a {
  # Gives a capability of the receiver to a third vat, which will come for it with Accept. Answered by a Return when it
  # was picked up, or when that became impossible; a Finish takes the offer back.

  questionId @0 :QuestionId;

  target @1 :MessageTarget;
  # The capability.

  recipient @2 :ThirdPartyToAwait;
  # Who will come.
}

struct Accept @0xd4c9b56290554016 {
  # Picks up a capability that another vat has provided. The Return's content is the capability.

  questionId @0 :QuestionId;

  provision @1 :ThirdPartyCompletion;
  # Which one.

  embargo @2 :Data;
  # When not null, the receiver waits for a Disembargo with the same content before it lets calls through.
}

struct ThirdPartyAnswer @0xb6511ce6c5f0e58c {
  # Tells a vat that was sent to await results from here (`awaitFromThirdParty`) which answer holds them.

  completion @0 :ThirdPartyCompletion;
  # Which call it was.

  answerId @1 :AnswerId;
  # The answer, numbered by the sender of this message: bit 30 is set, bit 31 is not. The Return comes under this number.
}

struct Join @0xfbe1980490e001af {
  # Asks whether several capabilities are the same object: one Join, with one part of a key, is sent to each.

  questionId @0 :QuestionId;

  target @1 :MessageTarget;
  # The capability.

  keyPart @2 :JoinKeyPart;
  # The part.
}

struct MessageTarget @0x95bc14545813fbc1 {
  # Names an object of the receiver.

  union {
    importedCap @0 :ImportId;
    # One that the receiver has exported.

    promisedAnswer @1 :PromisedAnswer;
    # One that will be in the results of an earlier call.
  }
}

struct Payload @0x9a0e61223d96743b {
  # Parameters or results, with the capabilities in them.

  content @0 :AnyPointer;
  # The value. A capability pointer in it holds an index into `capTable`.

  capTable @1 :List(CapDescriptor);
  # The capabilities.
}

struct CapDescriptor @0x8523ddc40b86b8b0 {
  # Describes a capability on its way.

  union {
    none @0 :Void;
    # No capability: the place in the table is empty.

    senderHosted @1 :ExportId;
    # An object of the sender.

    senderPromise @2 :ExportId;
    # A promise of the sender. A Resolve will follow.

    receiverHosted @3 :ImportId;
    # An object that the receiver has exported itself.

    receiverAnswer @4 :PromisedAnswer;
    # An object in the results of a call that the sender made to the receiver.

    thirdPartyHosted @5 :ThirdPartyCapDescriptor;
    # An object of another vat.
  }

  attachedFd @6 :UInt8 = 0xff;
  # The place, among the file descriptors sent along with the message, of one that belongs to the capability; 255 for none.
}

struct PromisedAnswer @0xd800b1d6cd6f1ca0 {
  # Names a capability in results that may not be there yet.

  questionId @0 :QuestionId;
  # The call.

  transform @1 :List(Op);
  # The way from the content of the results to the capability.

  struct Op @0xf316944415569081 {
    # One step of the way.

    union {
      noop @0 :Void;
      # Stay.

      getPointerField @1 :UInt16;
      # Follow the pointer with this index of the struct.
    }
  }
}

struct ThirdPartyCapDescriptor @0xd37007fde1f0027d {
  # Describes an object of another vat.

  id @0 :ThirdPartyToContact;
  # Where to pick it up.

  vineId @1 :ExportId;
  # An export of the sender through which the object can be reached too, for receivers that cannot pick it up. It must be
  # kept until the Accept has succeeded.
}

struct Exception @0xd625b7063acf691a {
  # Why something failed.

  reason @0 :Text;
  # For people.

  type @3 :Type;
  # For programs.

  enum Type @0xb28c96e23f4cbd58 {
    # What a caller can do about it.

    failed @0;
    # Something is wrong; doing it again will not help.

    overloaded @1;
    # There was too much to do. Doing it again later, and less often, may help.

    disconnected @2;
    # A connection on the way was lost. Doing it again on a new one may help.

    unimplemented @3;
    # The object does not know the method. Another one may do.
  }

  obsoleteIsCallersFault @1 :Bool;
  # Ignored.

  obsoleteDurability @2 :UInt16;
  # Ignored.

  trace @4 :Text;
  # Where it happened, in the words of the remote program. Empty unless that program is told to give it away.

  details @5 :List(Detail);
  # More about it, for programs that know what the ids mean.

  struct Detail @0xd6c14f121d44f8dd {
    # One piece of information.

    detailId @0 :UInt64;
    # What it is; a random number, as for types.

    data @1 :Data;
    # The information.
  }
}

# What follows depends on the network: each network defines its own types for these.

using SturdyRef = AnyPointer;
# A reference that outlives the connection.

using ThirdPartyCompletion = AnyPointer;
# Tells a vat which of the capabilities, or results, that wait there is meant.

using ThirdPartyToAwait = AnyPointer;
# Tells a vat who will come.

using ThirdPartyToContact = AnyPointer;
# Tells a vat where to go.

using JoinKeyPart = AnyPointer;
# A part of the key of a join.

using JoinResult = AnyPointer;
# What answers a part of a join.
