using Jint.Native;
using Jint.Native.Function;
using Jint.Parser;
using Jint.Parser.Ast;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// Puts one call of the host's guard at the top of every function of a program. The interpreter's own recursion limit counts calls that
/// were left by an exception for ever and does not see getters, <c>toString</c> or <c>toJSON</c>; the guard sees every script function.
/// The callee is a literal that holds the guard itself, so script can neither name, shadow nor replace it.
/// Likewise every thrown value passes the host once: the interpreter fails on an object that has no text as <c>message</c>.
/// </summary>
public static class FunctionGuards
{
    /// <param name="program">The tree to change.</param>
    /// <param name="guard">Called first in every function.</param>
    /// <param name="thrown">Called with every value that is thrown; throws or gives it back.</param>
    public static void Insert(Jint.Parser.Ast.Program program, FunctionInstance guard, FunctionInstance thrown)
    {
        ArgumentNullException.ThrowIfNull(program);
        var walk = new Walk(new JsValue(guard), new JsValue(thrown));
        walk.Statements(program.Body);
    }

    private sealed class Walk(JsValue guard, JsValue thrown)
    {
        public void Statements(IEnumerable<Statement>? statements)
        {
            foreach (var statement in statements ?? [])
            {
                Node(statement);
            }
        }

        private void Function(IFunctionDeclaration function, SyntaxNode node)
        {
            Node(function.Body);
            if (function.Body is BlockStatement body)
            {
                body.Body = [GuardCall(node), .. body.Body];
            }
        }

        private ExpressionStatement GuardCall(SyntaxNode at) => new()
        {
            Type = SyntaxNodes.ExpressionStatement,
            Location = at.Location,
            Range = at.Range,
            Expression = Call(at, guard),
        };

        private static CallExpression Call(SyntaxNode at, JsValue callee, params Expression[] arguments) => new()
        {
            Type = SyntaxNodes.CallExpression,
            Location = at.Location,
            Range = at.Range,
            Callee = new Literal { Type = SyntaxNodes.Literal, Cached = true, CachedValue = callee, Location = at.Location, Range = at.Range },
            Arguments = arguments,
        };

        private void Nodes(IEnumerable<SyntaxNode?>? nodes)
        {
            foreach (var node in nodes ?? [])
            {
                Node(node);
            }
        }

        private void Node(SyntaxNode? node)
        {
            switch (node)
            {
                case FunctionDeclaration f: Function(f, f); break;
                case FunctionExpression f: Function(f, f); break;
                case BlockStatement n: Statements(n.Body); break;
                case ExpressionStatement n: Node(n.Expression); break;
                case CallExpression n: Node(n.Callee); Nodes(n.Arguments); break;
                case NewExpression n: Node(n.Callee); Nodes(n.Arguments); break;
                case MemberExpression n: Node(n.Object); Node(n.Property); break;
                case AssignmentExpression n: Node(n.Left); Node(n.Right); break;
                case BinaryExpression n: Node(n.Left); Node(n.Right); break;
                case LogicalExpression n: Node(n.Left); Node(n.Right); break;
                case ConditionalExpression n: Node(n.Test); Node(n.Consequent); Node(n.Alternate); break;
                case UnaryExpression n: Node(n.Argument); break;
                case SequenceExpression n: Nodes(n.Expressions); break;
                case ArrayExpression n: Nodes(n.Elements); break;
                case ObjectExpression n: Nodes(n.Properties); break;
                case Property n: Node(n.Value); break;
                case VariableDeclaration n: Nodes(n.Declarations); break;
                case VariableDeclarator n: Node(n.Init); break;
                case IfStatement n: Node(n.Test); Node(n.Consequent); Node(n.Alternate); break;
                case ForStatement n: Node(n.Init); Node(n.Test); Node(n.Update); Node(n.Body); break;
                case ForInStatement n: Node(n.Left); Node(n.Right); Node(n.Body); break;
                case WhileStatement n: Node(n.Test); Node(n.Body); break;
                case DoWhileStatement n: Node(n.Body); Node(n.Test); break;
                case WithStatement n: Node(n.Object); Node(n.Body); break;
                case SwitchStatement n: Node(n.Discriminant); Nodes(n.Cases); break;
                case SwitchCase n: Node(n.Test); Statements(n.Consequent); break;
                case TryStatement n: Node(n.Block); Nodes(n.GuardedHandlers); Nodes(n.Handlers); Node(n.Finalizer); break;
                case CatchClause n: Node(n.Body); break;
                case LabelledStatement n: Node(n.Body); break;
                case ReturnStatement n: Node(n.Argument); break;
                case ThrowStatement n: Node(n.Argument); n.Argument = Call(n, thrown, n.Argument); break;
                default: break; // leaves: identifiers, literals, this, break, continue, empty
            }
        }
    }
}
