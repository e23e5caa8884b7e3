# Schemas as Cap'n Proto messages: what the compiler makes of a schema file and hands to code generators.

@0xa93fc509624c72d9;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("capnp::schema");

using Id = UInt64;
# Identifies a declaration, everywhere and for ever. The highest bit is set.

struct Node @0xe682ab4cf923a417 {
  # A declaration: a file, struct, group, enum, interface, constant or annotation.

  id @0 :Id;

  displayName @1 :Text;
  # A name for people: the file, a colon and the dotted path inside of it. It may change without notice.

  displayNamePrefixLength @2 :UInt32;
  # Where, in bytes, the declaration's own name begins in `displayName`.

  scopeId @3 :Id;
  # The declaration around this one; 0 for a file, and for the structs made from parameter lists.

  parameters @32 :List(Parameter);
  # The generic parameters declared here.

  isGeneric @33 :Bool;
  # Whether there are generic parameters here or in a scope around.

  nestedNodes @4 :List(NestedNode);
  # What is declared directly inside, in the order of the text. Groups and aliases are not listed.

  annotations @5 :List(Annotation);

  union {
    file @6 :Void;

    struct :group {
      dataWordCount @7 :UInt16;
      # Size of the data section in words.

      pointerCount @8 :UInt16;
      # Size of the pointer section.

      preferredListEncoding @9 :ElementSize;
      # How lists of this struct are written. Always `inlineComposite` nowadays.

      isGroup @10 :Bool;
      # Whether this is a group: part of the struct in `scopeId`, with the same sections.

      discriminantCount @11 :UInt16;
      # How many members the union has that is not in a group of its own; 0 when there is none, never 1.

      discriminantOffset @12 :UInt32;
      # Where the union's discriminant lies, in units of 16 bits.

      fields @13 :List(Field);
      # The fields and groups, sorted by ordinal; groups by the lowest ordinal in them.
    }

    enum :group {
      enumerants @14 :List(Enumerant);
      # Sorted by ordinal, which is the number on the wire.
    }

    interface :group {
      methods @15 :List(Method);
      # Sorted by ordinal.

      superclasses @31 :List(Superclass);
    }

    const :group {
      type @16 :Type;
      value @17 :Value;
    }

    annotation :group {
      type @18 :Type;

      targetsFile @19 :Bool;
      targetsConst @20 :Bool;
      targetsEnum @21 :Bool;
      targetsEnumerant @22 :Bool;
      targetsStruct @23 :Bool;
      targetsField @24 :Bool;
      targetsUnion @25 :Bool;
      targetsGroup @26 :Bool;
      targetsInterface @27 :Bool;
      targetsMethod @28 :Bool;
      targetsParam @29 :Bool;
      targetsAnnotation @30 :Bool;
    }
  }

  startByte @34 :UInt32;
  # Where the declaration begins in its file.

  endByte @35 :UInt32;
  # Where it ends.

  struct Parameter @0xb9521bccf10fa3b1 {
    # A generic parameter.

    name @0 :Text;
  }

  struct NestedNode @0xdebf55bbfa0fc242 {
    # A declaration inside another one.

    name @0 :Text;
    id @1 :Id;
  }

  struct SourceInfo @0xf38e1de3041357ae {
    # What the text says about a declaration and programs do not need. Kept apart from the node, so that it can be left
    # out.

    id @0 :Id;
    # The declaration.

    docComment @1 :Text;

    members @2 :List(Member);
    # About its fields, enumerants or methods, in the same order.

    struct Member @0xc2ba9038898e1fa2 {
      # About one member.

      docComment @0 :Text;
    }

    startByte @3 :UInt32;
    # Where the declaration begins in its file.

    endByte @4 :UInt32;
    # Where it ends.
  }
}

struct Field @0x9aad50a41f4af45f {
  # A member of a struct.

  name @0 :Text;

  codeOrder @1 :UInt16;
  # The place in the text, for programs that show fields to people.

  annotations @2 :List(Annotation);

  const noDiscriminant @0x97b14cbe7cfec712 :UInt16 = 0xffff;

  discriminantValue @3 :UInt16 = Field.noDiscriminant;
  # The value of the union's discriminant when this member is set; `noDiscriminant` when it is in no union.

  union {
    slot :group {
      # An ordinary field.

      offset @4 :UInt32;
      # Where it lies, in units of its own size; for pointers the index.

      type @5 :Type;

      defaultValue @6 :Value;

      hadExplicitDefault @10 :Bool;
      # Whether the text gives a default value.
    }

    group :group {
      # A group, or a named union.

      typeId @7 :Id;
      # The group's node.
    }
  }

  ordinal :union {
    implicit @8 :Void;
    explicit @9 :UInt16;
    # The number in the text.
  }
}

struct Enumerant @0x978a7cebdc549a4d {
  # A member of an enum.

  name @0 :Text;

  codeOrder @1 :UInt16;
  # The place in the text.

  annotations @2 :List(Annotation);
}

struct Superclass @0xa9962a9ed0a4d7f8 {
  # An interface that another one extends.

  id @0 :Id;
  brand @1 :Brand;
}

struct Method @0x9500cce23b334d80 {
  # A method of an interface.

  name @0 :Text;

  codeOrder @1 :UInt16;
  # The place in the text.

  implicitParameters @7 :List(Node.Parameter);
  # Generic parameters of the method itself.

  paramStructType @2 :Id;
  # The struct of the parameters: a declared one, or one made from a parameter list, which then has scope 0.

  paramBrand @5 :Brand;

  resultStructType @3 :Id;
  # The struct of the results.

  resultBrand @6 :Brand;

  annotations @4 :List(Annotation);
}

struct Type @0xd07378ede1f9cc60 {
  # A type.

  union {
    void @0 :Void;
    bool @1 :Void;
    int8 @2 :Void;
    int16 @3 :Void;
    int32 @4 :Void;
    int64 @5 :Void;
    uint8 @6 :Void;
    uint16 @7 :Void;
    uint32 @8 :Void;
    uint64 @9 :Void;
    float32 @10 :Void;
    float64 @11 :Void;
    text @12 :Void;
    data @13 :Void;

    list :group {
      elementType @14 :Type;
    }

    enum :group {
      typeId @15 :Id;
      brand @21 :Brand;
    }

    struct :group {
      typeId @16 :Id;
      brand @22 :Brand;
    }

    interface :group {
      typeId @17 :Id;
      brand @23 :Brand;
    }

    anyPointer :union {
      unconstrained :union {
        # The text says AnyPointer, AnyStruct, AnyList or Capability.

        anyKind @18 :Void;
        struct @25 :Void;
        list @26 :Void;
        capability @27 :Void;
      }

      parameter :group {
        # A generic parameter of the scope or of one around it.

        scopeId @19 :Id;
        parameterIndex @20 :UInt16;
      }

      implicitMethodParameter :group {
        # A generic parameter of the method itself.

        parameterIndex @24 :UInt16;
      }
    }
  }
}

struct Brand @0x903455f06065422b {
  # What the generic parameters of a type are bound to.

  scopes @0 :List(Scope);
  # The scopes, from the type outwards, in which something is bound.

  struct Scope @0xabd73485a9636bc9 {
    # The parameters of one scope.

    scopeId @0 :Id;

    union {
      bind @1 :List(Binding);
      # Each is bound as listed.

      inherit @2 :Void;
      # They are the same as in the place where the type is mentioned.
    }
  }

  struct Binding @0xc863cd16969ee7fc {
    # What a parameter is bound to.

    union {
      unbound @0 :Void;
      type @1 :Type;
    }
  }
}

struct Value @0xce23dcd2d7b00c9b {
  # A default value, constant or value of an annotation. Which member is set follows from the type.

  union {
    void @0 :Void;
    bool @1 :Bool;
    int8 @2 :Int8;
    int16 @3 :Int16;
    int32 @4 :Int32;
    int64 @5 :Int64;
    uint8 @6 :UInt8;
    uint16 @7 :UInt16;
    uint32 @8 :UInt32;
    uint64 @9 :UInt64;
    float32 @10 :Float32;
    float64 @11 :Float64;
    text @12 :Text;
    data @13 :Data;
    list @14 :AnyPointer;
    enum @15 :UInt16;
    struct @16 :AnyPointer;

    interface @17 :Void;
    # There is only one value: null.

    anyPointer @18 :AnyPointer;
  }
}

struct Annotation @0xf1c8950dab257542 {
  # An annotation on a declaration or member.

  id @0 :Id;
  # The annotation's declaration.

  brand @2 :Brand;

  value @1 :Value;
}

enum ElementSize @0xd1958f7dba521926 {
  # How the elements of a list are written.

  empty @0;
  bit @1;
  byte @2;
  twoBytes @3;
  fourBytes @4;
  eightBytes @5;
  pointer @6;
  inlineComposite @7;
}

struct CapnpVersion @0xd85d305b7d839963 {
  # The version of a compiler.

  major @0 :UInt16;
  minor @1 :UInt8;
  micro @2 :UInt8;
}

struct CodeGeneratorRequest @0xbfc546f6210ad7ce {
  # What a code generator reads from its standard input.

  capnpVersion @2 :CapnpVersion;
  # The compiler. Null when it is older than this field.

  nodes @0 :List(Node);
  # All declarations in the requested files, and those to which they refer.

  sourceInfo @3 :List(Node.SourceInfo);
  # The doc comments of the nodes.

  requestedFiles @1 :List(RequestedFile);
  # The files for which code is wanted.

  struct RequestedFile @0xcfea0eb02e810062 {
    # A file for which code is wanted.

    id @0 :Id;

    filename @1 :Text;
    # The name as given to the compiler.

    imports @2 :List(Import);
    # The files that it imports.

    struct Import @0xae504193122357e5 {
      # An imported file.

      id @0 :Id;

      name @1 :Text;
      # The name in the text.
    }

    fileSourceInfo @3 :FileSourceInfo;
    # What its names refer to.

    struct FileSourceInfo @0xf8ea2bf176925da0 {
      # About the text of a file.

      identifiers @0 :List(Identifier);
      # The names that refer to something declared elsewhere.

      struct Identifier @0xdda719892e0499bb {
        # A name and what it refers to.

        startByte @0 :UInt32;
        endByte @1 :UInt32;

        union {
          typeId @2 :Id;
          # A declaration.

          member :group {
            # A member of a declaration.

            parentTypeId @3 :Id;
            ordinal @4 :UInt16;
          }
        }
      }
    }
  }
}
