/** `ttg completion`: a script for the shell, made of the commands themselves, so that it cannot fall behind them. */
import { Argument, Command } from 'commander';
import { standard } from '../core/runtime/output.js';

/** What may stand behind one command. */
interface Place {
  /** The words that lead to it: `ttg dlq list`. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly Word[];
  /** Options whose value is a file or a directory. */
  readonly fileOptions: readonly string[];
  /** Options with any other value, which nobody can guess. */
  readonly valueOptions: readonly string[];
  readonly choices: readonly string[];
  /** Whether a file may stand there. */
  readonly files: boolean;
}

interface Word {
  readonly word: string;
  readonly about: string;
}

const SHELLS = { bash: bashScript, zsh: zshScript, fish: fishScript };

export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('prints a script that completes ttg in a shell; bash and zsh: source <(ttg completion bash)')
    .addArgument(new Argument('<shell>', 'fish: ttg completion fish | source').choices(Object.keys(SHELLS)))
    .action(async (shell: keyof typeof SHELLS) => {
      await standard(1).print(SHELLS[shell](placesOf(program, program.name())));
    });
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const options = help.visibleOptions(command);
  const isFile = (flags: string): boolean => /<(file|directory)>/.test(flags);
  const withValue = options.filter(({ required, optional }) => required || optional);
  return [
    {
      path,
      commands: commands.map((each) => ({ word: each.name(), about: each.description() })),
      options: options.flatMap(({ long, description }) => (long ? [{ word: long, about: description }] : [])),
      fileOptions: withValue.filter(({ flags }) => isFile(flags)).map(({ long }) => long ?? ''),
      valueOptions: withValue.filter(({ flags }) => !isFile(flags)).map(({ long }) => long ?? ''),
      choices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
      files: command.registeredArguments.some((argument) => argument.name() === 'file'),
    },
    ...commands.flatMap((each) => placesOf(each, `${path} ${each.name()}`)),
  ];
}

const words = ({ commands, options, choices }: Place): string =>
  [...[...commands, ...options].map(({ word }) => word), ...choices].join(' ');

/** Shell code that sets `place` to the path of commands that the words before the cursor lead to. */
const walk = (places: readonly Place[], list: string): string => `  local place=ttg word
  for word in ${list}; do
    case "$place $word" in
      ${places
        .slice(1)
        .map(({ path }) => `"${path}"`)
        .join('|')}) place="$place $word" ;;
    esac
  done`;

/**
 * Cases by command and the word before the cursor. The longest path comes first: the pattern of a shorter one matches
 * it too.
 */
function cases(
  places: readonly Place[],
  files: string,
  nothing: string,
  offer: (words: string, files: boolean) => string,
): string {
  const lines = places
    .toSorted((a, b) => b.path.length - a.path.length)
    .flatMap((place) => [
      ...place.fileOptions.map((option) => `    "${place.path} ${option}") ${files} ;;`),
      ...place.valueOptions.map((option) => `    "${place.path} ${option}") ${nothing} ;;`),
      `    "${place.path} "*) ${offer(words(place), place.files)} ;;`,
    ]);
  return lines.join('\n');
}

function bashScript(places: readonly Place[]): string {
  return `_ttg() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
${walk(places, '"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}
  COMPREPLY=()
  case "$place $previous" in
${cases(places, 'COMPREPLY=($(compgen -f -- "$current"))', ':', (list, files) => `COMPREPLY=($(compgen ${files ? '-f ' : ''}-W "${list}" -- "$current"))`)}
  esac
}
complete -o filenames -F _ttg ttg
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef ttg
_ttg() {
  local previous="\${words[CURRENT-1]}"
${walk(places, '"${words[@]:1:$((CURRENT-2))}"')}
  case "$place $previous" in
${cases(places, '_files', ':', (list, files) => `compadd -- ${list}${files ? '; _files' : ''}`)}
  esac
}
compdef _ttg ttg
`;
}

function fishScript(places: readonly Place[]): string {
  const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const lines = places.flatMap((place) => {
    const [, ...path] = place.path.split(' ');
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const subcommands = place.commands.map(({ word }) => word).join(' ');
    const none = subcommands ? [`not __fish_seen_subcommand_from ${subcommands}`] : [];
    const when = (conditions: string[]): string =>
      conditions.length > 0 ? ` -n ${quoted(conditions.join('; and '))}` : '';
    return [
      ...place.commands.map(
        ({ word, about }) => `complete -c ttg -f${when([...seen, ...none])} -a ${word} -d ${quoted(about)}`,
      ),
      ...place.choices.map((word) => `complete -c ttg -f${when(seen)} -a ${word}`),
      ...(place.files ? [`complete -c ttg -F${when(seen)}`] : []),
      ...place.options.map(({ word, about }) => {
        const value = place.fileOptions.includes(word) ? ' -r -F' : place.valueOptions.includes(word) ? ' -x' : '';
        return `complete -c ttg${when([...seen, ...none])} -l ${word.slice(2)}${value} -d ${quoted(about)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}
