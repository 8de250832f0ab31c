/**
 * All that the command line takes of other people's packages before it knows what to do. The build makes this one file
 * out of the thousand that it takes (scripts/bundle.js): finding and reading those took most of the time of a command.
 */
import 'reflect-metadata';

export { Module } from '@nestjs/common';
export { Command, CommandFactory, CommandRunner, Option, SubCommand } from 'nest-commander';
