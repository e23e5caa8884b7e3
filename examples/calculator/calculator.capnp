# A calculator that lives on the other side of a connection.
#
# Small as it is, it needs everything that makes Cap'n Proto worth having: values that stay on the server until somebody reads them,
# calls on results that have not arrived yet, and functions that either side may provide to the other.

@0x85150b117366d14b;

interface Calculator {
  evaluate @0 (expression :Expression) -> (value :Value);
  # Works out an expression. What comes back is a reference to the result, not the number itself, so that a result can feed the next
  # expression without a round trip.

  struct Expression {
    # A formula, as a tree.

    union {
      literal @0 :Float64;
      # A number written out.

      previousResult @1 :Value;
      # What an earlier call to evaluate() gave, or will give.

      parameter @2 :UInt32;
      # In the body of a function: its parameter of this number, counted from zero.

      call :group {
        # A function applied to the values of other expressions.

        function @3 :Function;
        params @4 :List(Expression);
      }
    }
  }

  interface Value {
    # A number that is kept by whoever worked it out.

    read @0 () -> (value :Float64);
  }

  defFunction @1 (paramCount :Int32, body :Expression) -> (func :Function);
  # Makes a function out of an expression in which `parameter` stands for what it is called with.

  interface Function {
    # Something that can be called with numbers; clients may pass their own.

    call @0 (params :List(Float64)) -> (value :Float64);
  }

  getOperator @2 (op :Operator) -> (func :Function);
  # One of the four built-in functions of two parameters.

  enum Operator {
    add @0;
    subtract @1;
    multiply @2;
    divide @3;
  }
}
